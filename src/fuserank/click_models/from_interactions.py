"""A click log out of a dataset's table of interactions, or any table of these columns.

A list is what one visit was shown for a query. Acts belong to the list of their visit, query and product; one on what was not
shown there says nothing. Impressions without a query or a place are no list (browsing), and are left out.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fuserank.click_models.click_log import GAINS, ClickLog

NOBODY = "s"  # neither user nor visit
DEPTH = 100  # places that are read; what stands lower is hardly seen


def from_interactions(events: pa.Table, *, depth: int = DEPTH) -> ClickLog:
    """Each shopper once a query, without robots.

    Args:
        events: columns of `fuserank.types.SCHEMAS["interactions"]`. A shopper is the user, else (blank) the visit; rows with
            neither are left out.
        depth: lowest place that is read.
    """
    known = pc.not_equal(_who(events), NOBODY)
    events = events.filter(pc.and_(pc.is_valid(events["query_id"]), known))
    shown = events.filter(_is_shown(events, depth)).sort_by("timestamp")
    return ClickLog(*_arrays(shown, events.filter(pc.is_in(events["action"], pa.array(list(GAINS)))))).once().without_robots()


def _is_shown(events: pa.Table, depth: int) -> pa.ChunkedArray:
    place = pc.fill_null(events["position"], 0)
    here = pc.and_(pc.greater_equal(place, 1), pc.less_equal(place, depth))
    return pc.and_(pc.equal(events["action"], "impression"), here)


def _arrays(shown: pa.Table, acts: pa.Table) -> tuple[np.ndarray, ...]:
    """The fields of a ClickLog: lists in the order in which they began."""
    joined = pa.concat_tables([shown, acts])
    queries, query = _coded(joined["query_id"])
    products, product = _coded(joined["product_id"])
    who = _coded(_who(joined))[1]
    visit = _coded(joined["session_id"])[1]
    split, rows = len(shown), _joint(_joint(query, who), visit)
    _, first, row = np.unique(rows[:split], return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(first, kind="stable"), kind="stable")  # number of a list by when it began
    begun = np.sort(first)
    row, place = order[row], shown["position"].to_numpy().astype(np.int32)
    kept = _first_of(row, place) & _first_of(row, product[:split])  # a place holds one product, a product stands once
    kept = np.flatnonzero(kept)
    kept = kept[np.lexsort((place[kept], row[kept]))]
    gain = np.zeros(len(kept))
    _credit(gain, rows[:split][kept], product[:split][kept], rows[split:], product[split:], acts["action"])
    return (
        queries,
        products,
        query[begun],
        who[begun],
        row[kept].astype(np.int32),
        place[kept],
        product[:split][kept],
        gain,
    )


def _who(events: pa.Table) -> pa.ChunkedArray:
    """The user, else the visit; the two kinds never meet."""
    user, visit = (pc.fill_null(events[name], "") for name in ("user_id", "session_id"))
    named = pc.binary_join_element_wise("u", user, "")
    return pc.if_else(pc.equal(user, ""), pc.binary_join_element_wise("s", visit, ""), named)


def _coded(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct values, and int32 rows in them."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    return encoded.dictionary.to_numpy(zero_copy_only=False).astype(object), encoded.indices.to_numpy().astype(np.int32)


def _joint(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """int64 numbers of pairs of numbers, small again."""
    return np.unique(first.astype(np.int64) * (int(second.max(initial=0)) + 1) + second, return_inverse=True)[1]


def _first_of(row: np.ndarray, value: np.ndarray) -> np.ndarray:
    """bool: this value was not in this row before."""
    kept = np.zeros(len(row), bool)
    kept[np.unique(row.astype(np.int64) * (int(value.max(initial=0)) + 1) + value, return_index=True)[1]] = True
    return kept


def _credit(
    gain: np.ndarray, lists: np.ndarray, products: np.ndarray, acted: np.ndarray, on: np.ndarray, actions: pa.ChunkedArray
) -> None:
    """Give each shown product the gain of the strongest act with it, in place."""
    if not len(gain) or not len(acted):
        return
    width = int(max(products.max(), on.max())) + 1
    codes = lists.astype(np.int64) * width + products
    order = np.argsort(codes)
    wanted = acted.astype(np.int64) * width + on
    found = np.searchsorted(codes[order], wanted).clip(max=len(codes) - 1)
    hit = codes[order][found] == wanted
    worth = np.array([GAINS[action] for action in actions.to_pylist()], float)
    np.maximum.at(gain, order[found[hit]], worth[hit])
