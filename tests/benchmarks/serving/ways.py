"""The service's app and the peers' behind plain uvicorn, behind BentoML, and as an endpoint of BentoML's own.

    uvicorn tests.benchmarks.serving.ways:app --workers 2
    bentoml serve tests.benchmarks.serving.ways:Ways

BENCH_PACKAGE names the package folder and BENCH_TREES the booster; settings are those of the service.
"""

from __future__ import annotations

import gc
import os
from functools import cache
from pathlib import Path
from typing import Any

import bentoml

from fuserank.messages import RankRequest
from fuserank.serving import Deployment, Lineup, load
from fuserank.serving.http import create_app
from fuserank.settings import load_settings
from tests.benchmarks.serving.peer_app import Peers

SETTINGS = load_settings()


@cache
def deployment() -> Deployment:
    """Of this process; without a log and without changes of the catalogue, as the peers."""
    loaded = Deployment(Lineup(load(Path(os.environ["BENCH_PACKAGE"]), cache=SETTINGS.home / "encoders", rounded=True)))
    gc.collect()
    gc.freeze()
    return loaded


peers = Peers(lambda: deployment().lineup.champion, Path(os.environ.get("BENCH_TREES", "")))
ours = create_app(deployment, media=SETTINGS.media, threads=SETTINGS.serving.threads, patience_ms=SETTINGS.serving.patience_ms)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Peers under their paths, the service under its own."""
    if scope["type"] == "lifespan":
        deployment()
    await (peers if scope.get("path") in peers.ways else ours)(scope, receive, send)


@bentoml.service(name="ways", traffic={"timeout": 120, "external_queue": False}, workers=SETTINGS.serving.workers)
@bentoml.asgi_app(app, path="/")
class Ways:
    """One service."""

    def __init__(self) -> None:
        deployment()

    @bentoml.api(route="/native")
    def native(self, request: RankRequest) -> dict[str, Any]:
        """Rank through BentoML's own endpoint; its JSON has the request under the name of the argument."""
        return deployment().lineup.champion.rank(request).model_dump()
