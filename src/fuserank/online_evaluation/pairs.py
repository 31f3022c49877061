"""Which versions a log can compare."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fuserank.errors import InputError
from fuserank.online_evaluation.dealing import Dealt

# `<ranker>@<12 hex digits>` twice; a ranker's own name may hold a + too.
_BOTH = re.compile(r"(.+?@[0-9a-f]{12})\+(.+)")
SHOWN_PAIRS = 5


@dataclass(frozen=True)
class Pair:
    """A champion and a challenger that met.

    Attributes:
        champion, challenger: versions of models.
        newest: of the records that compare them, milliseconds since 1970, UTC.
        window: first and last answer of the challenger as a canary, likewise; None: it was none.
    """

    champion: str
    challenger: str
    newest: int
    window: tuple[int, int] | None = None

    @property
    def interleaved(self) -> str:
        """The version that an interleaved answer of both has."""
        return f"{self.champion}+{self.challenger}"


def choose_pair(dealt: Dealt, log: Path, *, champion: str | None = None, challenger: str | None = None) -> Pair:
    """The newest pair of a log, of those with the given versions.

    Args:
        log: named in the error.

    Raises:
        InputError: no records compare such versions.
    """
    pairs = sorted(find_pairs(dealt), key=lambda pair: (pair.newest, pair.champion, pair.challenger), reverse=True)
    fitting = [pair for pair in pairs if champion in (None, pair.champion) and challenger in (None, pair.challenger)]
    if fitting:
        return fitting[0]
    if pairs:
        there = ", ".join(f"{pair.champion} and {pair.challenger}" for pair in pairs[:SHOWN_PAIRS])
        todo = "correct --champion and --challenger, or leave them out"
        raise InputError(f"{champion or 'any champion'} and {challenger or 'any challenger'} never met", allowed=there, todo=todo)
    raise InputError(
        f"nothing to compare in {log}",
        allowed="answers of a challenger beside those of its champion",
        todo="let one take part: fuserank release NAME --challenger PACKAGE --mode shadow, canary or interleave",
    )


def find_pairs(dealt: Dealt) -> list[Pair]:
    """All pairs, in no order. The champion of a canary is any that answered between its first and its last answer."""
    newest: dict[tuple[str, str], int] = defaultdict(int)
    drawn: dict[str, dict[str, list[np.ndarray]]] = {"champion": defaultdict(list), "challenger": defaultdict(list)}
    for table in dealt.tables("rankings", "request_id", "time", "model_version", "role", "by_name"):
        rows = table.to_pandas()
        rows["time"] = table["time"].cast("int64").to_numpy()
        for pair, time in _met(rows):
            newest[pair] = max(newest[pair], time)
        rows = rows[~table["by_name"].fill_null(False).to_numpy()]
        for (role, version), times in rows.groupby(["role", "model_version"])["time"]:
            if role in drawn:
                drawn[role][version].append(times.to_numpy())
    windows = {}
    for challenger, chunks in drawn["challenger"].items():
        first, last = (int(edge(np.concatenate(chunks))) for edge in (np.min, np.max))
        for champion, answered in drawn["champion"].items():
            times = np.concatenate(answered)
            beside = times[(times >= first) & (times <= last)]
            if len(beside) and champion != challenger:
                pair = (champion, challenger)
                windows[pair] = (first, last)
                newest[pair] = max(newest[pair], int(beside.max()))
    return [Pair(*pair, time, windows.get(pair)) for pair, time in newest.items()]


def _met(rows: pd.DataFrame) -> list[tuple[tuple[str, str], int]]:
    """Pairs with the newest record of each, by shadows and interleaved answers."""
    roles = {role: rows[rows["role"] == role] for role in ("champion", "shadow", "interleaved")}
    both = roles["champion"].merge(roles["shadow"], on="request_id", suffixes=("_shown", ""))
    met = [((a, b), int(time)) for (a, b), time in both.groupby(["model_version_shown", "model_version"])["time"].max().items()]
    for version, time in roles["interleaved"].groupby("model_version")["time"].max().items():
        if names := _BOTH.fullmatch(version):
            met.append(((names[1], names[2]), int(time)))
    return met
