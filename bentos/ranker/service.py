"""The Bento: one service that answers /rank and /search out of a package folder. Health and /metrics are BentoML's own.

In a built Bento the package lies in the model store, under the tag in package.tag beside this file. In a checkout there is no such
file, and the environment variable FUSERANK_PACKAGE names the folder.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

import bentoml
from bentoml.models import BentoModel

from fuserank import serving
from fuserank.errors import SettingsError
from fuserank.serving.http import create_app
from fuserank.settings import load_settings

TAG = Path(__file__).with_name("package.tag")
loaded: list[serving.RankingService] = []
app = create_app(lambda: loaded[0], media=load_settings().media)


@bentoml.service(name="fuserank-ranker", traffic={"timeout": 30, "external_queue": False}, workers=1)
@bentoml.asgi_app(app, path="/")
class RankerService:
    """Ranks products for a query of text, picture, sound or shopping history."""

    package = BentoModel(TAG.read_text().strip()) if TAG.exists() else None

    def __init__(self) -> None:
        if self.package is not None:
            folder = Path(self.package.path)
        elif "FUSERANK_PACKAGE" in os.environ:
            folder = Path(os.environ["FUSERANK_PACKAGE"])
        else:
            raise SettingsError(
                "no package to serve",
                allowed="a built Bento, or FUSERANK_PACKAGE=<package folder>",
                todo="build a Bento, or set the variable",
            )
        settings = load_settings()
        exported = settings.home / "encoders"  # of a training on this machine; elsewhere the user's own cache serves
        loaded[:] = [serving.load(folder, cache=exported if exported.is_dir() else None, media=settings.media)]
        # What is loaded now lives as long as the process: never scanning it again removes stalls of 140-200 ms.
        gc.collect()
        gc.freeze()
