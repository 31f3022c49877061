"""Follows a release: a promotion or a rollback is taken up while requests are answered, and none is lost or mixed.

The new packages are opened, checked byte by byte and warmed beside the old ones; then one assignment puts the new lineup in place.
Requests in flight keep the services they began with. What cannot be loaded is refused, and the old lineup goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from fuserank.errors import FuserankError
from fuserank.serving.deployment import Deployment, Lineup
from fuserank.serving.metrics import METRICS
from fuserank.serving.release import Release, read_release
from fuserank.serving.service import RankingService
from fuserank.serving.watching import Watch

log = logging.getLogger(__name__)

Load = Callable[[Path], RankingService]


def lineup_of(release: Release, folder: Path, load: Load, known: Lineup | None = None) -> Lineup:
    """The lineup of a release.

    Args:
        folder: that holds the packages.
        load: opens one.
        known: whose services are taken over where the release names their packages again.

    Raises:
        FuserankError: a package is damaged, or of other encoders.
    """
    loaded = {s.folder.name: s for s in (known.champion, known.challenger) if s is not None} if known is not None else {}

    def service(name: str) -> RankingService:
        return loaded.get(name) or load(folder / name)

    second = release.challenger
    if second is None:
        return Lineup(service(release.champion))
    return Lineup(service(release.champion), service(second.package), second.mode, second.share)


class Follower:
    """A thread that keeps a deployment at what a release file says.

    Args:
        file: the release; packages lie beside it.
        release: that the deployment began with.
    """

    def __init__(self, deployment: Deployment, file: Path, release: Release, load: Load) -> None:
        self._deployment, self._file, self._load = deployment, file, load
        self._seen: Release | None = release
        self._watch = Watch("following the release", self.look)

    def look(self) -> None:
        """Take up what the file says now, if that is new; a release that cannot be served is a problem in health and no more."""
        try:
            release = read_release(self._file)
            if release == self._seen:
                return
            self._seen = release
            known = self._deployment.lineup
            self._deployment.lineup = lineup_of(release, self._file.parent, self._load, known)
            self._deployment.problems = ()
            METRICS.swaps.labels("taken").inc()
            log.info("release taken up: %s", self._deployment.lineup.champion.version)
        except FuserankError as error:
            if (problem := "release refused: the old one goes on, the log says why") not in self._deployment.problems:
                METRICS.swaps.labels("refused").inc()
                log.error("release refused, the old one goes on: %s", error)
            self._deployment.problems = (problem,)

    def close(self) -> None:
        """Stop following."""
        self._watch.close()
