"""Follows the file of rules: every worker takes it up while it answers; a broken one is refused, and the old rules go on."""

from __future__ import annotations

import logging
from pathlib import Path

from fuserank.errors import FuserankError
from fuserank.merchandising import read_rules
from fuserank.serving.following import mark_of
from fuserank.serving.merchandising import Merchandising
from fuserank.serving.metrics import METRICS

log = logging.getLogger(__name__)
_UNSEEN = (0, 0)  # of no file


def rules_file(home: Path, name: str) -> Path:
    """Where the rules of a dataset lie that a service follows; the log of who released which is beside it."""
    return home / "rules" / f"{name}.toml"


class RulesFollower:
    """Keeps `merchandising` at what a file says; the first look is taken at once.

    Args:
        file: that may be absent: then there are no rules.
    """

    def __init__(self, merchandising: Merchandising, file: Path) -> None:
        self._held, self._file = merchandising, file
        self._mark: tuple[int, int] | None = _UNSEEN
        self.look()

    def look(self) -> None:
        """Take up what the file says, if it was written or removed since the last look."""
        mark = mark_of(self._file)
        if mark == self._mark:
            return
        self._mark = mark
        before = self._held.rules.version[:12] if self._held.rules is not None else "none"
        try:
            self._held.rules = None if mark is None else read_rules(self._file)
        except Exception as error:
            METRICS.rules.labels("refused").inc()
            log.error("rules refused, %s go on: %s", before, error, exc_info=None if isinstance(error, FuserankError) else error)
            self._held.problem = "rules refused: the old ones go on, the log says why"
            return
        self._held.problem = None
        after = self._held.rules.version[:12] if self._held.rules is not None else "none"
        if after != before:
            METRICS.rules.labels("taken").inc()
            log.info("rules taken up: %s after %s", after, before)
