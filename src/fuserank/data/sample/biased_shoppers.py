"""Many sessions whose truth is known: shoppers look by place, click by grade, and see what an older ranker with a liking of its own
puts first. Robots may be among them.

It extends `fuserank.data.sample.shoppers`: the same law of looking and clicking, any catalogue, any number of sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from fuserank.data.sample.shoppers import CLICK_GIVEN_SEEN, ETA, SLATE
from fuserank.types import SCHEMAS

ROBOTS = 3  # ids that all sessions of robots share


@dataclass(frozen=True)
class Crowd:
    """Who comes.

    Attributes:
        sessions: how many, robots included.
        eta: a place is looked at with probability place^-eta.
        click_given_seen: by grade.
        liking: how much a deviation of the older ranker's liking counts in its order, against a deviation of chance.
        knows: the highest grade that it tells from those below when it finds the products of a list.
        hides: grades that a deviation of its liking is worth when it finds them: what it does not like is hardly shown.
        noise: deviation, in grades, of the chance by which it finds the products of a list, anew for each session.
        robots: share of the sessions that are theirs.
        robots_click: ``all``, everything shown, or ``first``, always the first place.
    """

    sessions: int = 10_000
    eta: float = ETA
    click_given_seen: tuple[float, ...] = CLICK_GIVEN_SEEN
    liking: float = 1.0
    knows: int = len(CLICK_GIVEN_SEEN) - 1
    hides: float = 0.0
    noise: float = 1.0
    robots: float = 0.0
    robots_click: str = "all"

    @property
    def examination(self) -> np.ndarray:
        """(SLATE,) the truth that a click model looks for."""
        return np.arange(1, SLATE + 1) ** -self.eta


def visits(
    grades: np.ndarray,
    liking: np.ndarray,
    query_ids: Sequence[str],
    product_ids: Sequence[str],
    crowd: Crowd,
    rng: np.random.Generator,
) -> pa.Table:
    """A table of interactions: impressions with places, and clicks.

    Args:
        grades: int (Q, N) of every product for every query.
        liking: float (Q, N) what the older ranker likes products for.
        query_ids, product_ids: Q and N names.
    """
    slate = min(SLATE, grades.shape[1])
    query = rng.integers(len(query_ids), size=crowd.sessions)
    shown = np.empty((crowd.sessions, slate), np.int64)
    for row, q in enumerate(query):  # one at a time: sessions times products would not fit
        fits = np.minimum(grades[q], crowd.knows) + crowd.hides * liking[q] + crowd.noise * rng.normal(size=grades.shape[1])
        found = np.argpartition(-fits, slate - 1)[:slate]
        shown[row] = found[np.argsort(-crowd.liking * liking[q, found] - rng.normal(size=slate))]
    looked = rng.random(shown.shape) < crowd.examination[:slate]
    clicked = looked & (rng.random(shown.shape) < np.asarray(crowd.click_given_seen)[grades[query[:, None], shown]])
    robot = rng.random(crowd.sessions) < crowd.robots
    if robot.any():
        clicked[robot] = np.arange(slate) < (1 if crowd.robots_click == "first" else slate)
    who = np.where(robot, np.arange(crowd.sessions) % ROBOTS, ROBOTS + np.arange(crowd.sessions))
    return _table(query, shown, clicked, who, query_ids, product_ids)


def _table(
    query: np.ndarray,
    shown: np.ndarray,
    clicked: np.ndarray,
    who: np.ndarray,
    query_ids: Sequence[str],
    product_ids: Sequence[str],
) -> pa.Table:
    def rows(kept: np.ndarray, action: str) -> pa.Table:
        row, place = np.nonzero(kept)
        names = {
            "user_id": np.char.add("v", who[row].astype(str)),
            "session_id": np.char.add("s", row.astype(str)),
            "product_id": np.asarray(product_ids, object)[shown[row, place]],
            "query_id": np.asarray(query_ids, object)[query[row]],
            "timestamp": 1_735_689_600_000 + row.astype(np.int64) * 60_000 + place + 1000 * (action == "click"),
            "action": np.full(len(row), action, object),
            "position": (place + 1).astype(np.int32),
        }
        schema = SCHEMAS["interactions"]
        return pa.table([pa.array(names[name].tolist(), schema.field(name).type) for name in schema.names], schema=schema)

    return pa.concat_tables([rows(np.ones_like(clicked), "impression"), rows(clicked, "click")])
