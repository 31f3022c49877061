"""The Bento: one service that answers /v1 and shows a page, out of a package folder. Liveness and /metrics are BentoML's own.

What is served, the first that is given:
    FUSERANK_RELEASE=<file>    a release, which is followed: promotions and rollbacks are taken up while it runs
    FUSERANK_PACKAGE=<folder>  a package folder
    package.tag beside this file, in a built Bento: the package in the model store
"""

from __future__ import annotations

import gc
import os
from functools import partial
from pathlib import Path

# Spans that nobody exports cost a third of what a refusal costs, and overload is made of refusals. Set "false" to have them.
os.environ.setdefault("OTEL_SDK_DISABLED", "true")
# Of the workers, which the master starts after it has read this file. A heap for each thread takes 100 MB more in each.
os.environ.setdefault("MALLOC_ARENA_MAX", "2")

import bentoml
from bentoml._internal.utils import circus

from fuserank import serving
from fuserank.errors import SettingsError
from fuserank.serving.http import TokenGate, create_app
from fuserank.settings import load_settings

# The master imports this file as well, before it starts workers. It looks for dead ones every ten seconds, and no setting says so.
circus.create_standalone_arbiter = partial(circus.create_standalone_arbiter, check_delay=0.25)

TAG = Path(__file__).with_name("package.tag")
SETTINGS = load_settings()
served: list[serving.Deployment] = []
app = create_app(
    lambda: served[0], media=SETTINGS.media, threads=SETTINGS.serving.threads, patience_ms=SETTINGS.serving.patience_ms
)


@bentoml.service(
    name="fuserank-ranker",
    traffic={"timeout": 30, "external_queue": False},
    workers=SETTINGS.serving.workers,
    logging={"access": {"enabled": False}},
)
@bentoml.asgi_app(app, path="/")
class RankerService:
    """Ranks products for a query of text, picture, sound or shopping history."""

    package = bentoml.models.BentoModel(TAG.read_text().strip()) if TAG.exists() else None

    def __init__(self) -> None:
        exported = SETTINGS.home / "encoders"  # of a training on this machine; elsewhere the user's own cache serves
        cache = exported if exported.is_dir() else None
        if "FUSERANK_RELEASE" in os.environ:
            what = Path(os.environ["FUSERANK_RELEASE"])
        elif "FUSERANK_PACKAGE" in os.environ:
            what = Path(os.environ["FUSERANK_PACKAGE"])
        elif self.package is not None:
            what = Path(self.package.path)
        else:
            raise SettingsError(
                "no package to serve",
                allowed="a built Bento, FUSERANK_RELEASE=<file> or FUSERANK_PACKAGE=<package folder>",
                todo="build a Bento, or set one of the variables",
            )
        served[:] = [serving.deploy(what, SETTINGS, cache=cache)]
        # What is loaded now lives as long as the process: never scanning it again removes stalls of 140-200 ms.
        gc.collect()
        gc.freeze()


RankerService.add_asgi_middleware(TokenGate, token=os.environ.get("FUSERANK_TOKEN"))
