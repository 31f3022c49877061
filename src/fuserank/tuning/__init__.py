"""Search over the structure of a ranker: trials drawn by TPE, poor ones pruned early, all of them kept in one file.

The settings as they are come first and are never pruned, so there is always something to beat. A search finds luck as well as
quality: the best trials are measured again with seeds that the search has not seen.
"""

from __future__ import annotations

from fuserank.tuning.search import Budget, search
from fuserank.tuning.study import Trial, finished, open_study
from fuserank.tuning.verdict import confirm, finalists, importance, winner

__all__ = ["Budget", "Trial", "confirm", "finalists", "finished", "importance", "open_study", "search", "winner"]
