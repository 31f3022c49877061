"""Follows a release: a promotion or a rollback is taken up while requests are answered, and none is lost or mixed.

The new packages are opened, checked byte by byte and warmed beside the old ones; then one assignment puts the new lineup in place.
Requests in flight keep the services they began with; with the last of them an old service goes, its memory and its threads.
What cannot be loaded is refused, and the old lineup goes on.
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
from fuserank.serving.watching import EVERY, Watch

log = logging.getLogger(__name__)
_UNSEEN = (0, 0)  # of no file

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
        every: seconds between looks.
    """

    def __init__(self, deployment: Deployment, file: Path, release: Release, load: Load, every: float = EVERY) -> None:
        self._deployment, self._file, self._load = deployment, file, load
        self._served = release
        self._mark: tuple[int, int] | None = _UNSEEN  # the file may have changed while the deployment was loaded
        self._watch = Watch("following the release", self.look, every)

    def look(self) -> None:
        """Take up what the file says, if it was written since the last look.

        A release that cannot be served is a problem in health and no more. It is tried again when the file is written again, be
        it with the same words: a package may have been mended meanwhile.
        """
        mark = mark_of(self._file)
        if mark == self._mark:
            return
        self._mark = mark
        try:
            self._take_up(read_release(self._file))
        except Exception as error:
            METRICS.swaps.labels("refused").inc()
            foreseen = isinstance(error, FuserankError)
            log.error("release refused, the old one goes on: %s", error, exc_info=None if foreseen else error)
            self._deployment.problems = ("release refused: the old one goes on, the log says why",)

    def close(self) -> None:
        """Stop following."""
        self._watch.close()

    def _take_up(self, release: Release) -> None:
        if release != self._served:
            self._deployment.lineup = lineup_of(release, self._file.parent, self._load, self._deployment.lineup)
            self._served = release
            METRICS.swaps.labels("taken").inc()
            log.info("release taken up: %s", self._deployment.lineup.champion.version)
        self._deployment.problems = ()


def mark_of(file: Path) -> tuple[int, int] | None:
    """Something that is another whenever the file was replaced; None: there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
