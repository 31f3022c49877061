"""Cohorts: of the shoppers who first came in a period, which share comes back in later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from fuserank.plugins import PluginTable
from fuserank.types import Interaction


@dataclass(frozen=True)
class Cohort:
    """Shoppers whose first event lies in one period.

    Attributes:
        period: start of the period, ``2011-03`` or the Monday ``2011-03-07``.
        shoppers: how many.
        kept: share of them with an event n periods later, n = 0, 1 …, up to the last period of the log; kept[0] is 1.
    """

    period: str
    shoppers: int
    kept: tuple[float, ...]


def _month(moment: datetime) -> int:
    return moment.year * 12 + moment.month - 1


def _week(moment: datetime) -> int:
    return (moment.toordinal() - 1) // 7  # ordinal 1 is a Monday


@dataclass(frozen=True)
class Calendar:
    """Periods: the number of a moment's period, and the name of a number."""

    number: Callable[[datetime], int]
    name: Callable[[int], str]


PERIODS: PluginTable[Calendar] = PluginTable(
    "period",
    {
        "month": Calendar(_month, lambda number: f"{number // 12:04d}-{number % 12 + 1:02d}"),
        "week": Calendar(_week, lambda number: f"{datetime.fromordinal(number * 7 + 1):%Y-%m-%d}"),
    },
)


def cohorts_of(events: Iterable[Interaction], period: str = "month") -> list[Cohort]:
    """Cohorts, the earliest first; periods are those of UTC, and the first and the last may be cut by the log.

    Args:
        events: every event counts, whatever its action.
        period: name in PERIODS.
    """
    calendar = PERIODS[period]
    seen: dict[str, set[int]] = {}
    for event in events:
        seen.setdefault(event.user_id, set()).add(calendar.number(datetime.fromtimestamp(event.timestamp / 1000, UTC)))
    if not seen:
        return []
    last = max(max(periods) for periods in seen.values())
    members: dict[int, list[set[int]]] = {}
    for periods in seen.values():
        members.setdefault(min(periods), []).append(periods)
    return [
        Cohort(
            calendar.name(first),
            len(members[first]),
            tuple(sum(n in periods for periods in members[first]) / len(members[first]) for n in range(first, last + 1)),
        )
        for first in sorted(members)
    ]
