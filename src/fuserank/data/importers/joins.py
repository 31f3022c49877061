"""Do the tables of a dataset fit together?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from fuserank.data.importers.cells import shown
from fuserank.errors import SchemaError
from fuserank.types import Interaction, Judgment, Product, Query


def check_joins(
    products: Sequence[Product],
    queries: Sequence[Query],
    judgments: Sequence[Judgment],
    interactions: Sequence[Interaction] = (),
    *,
    max_grade: int,
) -> None:
    """Check ids, joins and grades.

    Args:
        products: at least one.
        queries: may be empty, as in a catalogue without judgments.
        judgments: their grades lie in 0..max_grade.
        interactions: may name queries that are not in `queries`: logs know more queries than were judged.
        max_grade: highest grade allowed.

    Raises:
        SchemaError: no product, a duplicate id, a judgment or an event of an unknown query or product, a grade out of range, or a
            query that asks nothing, or has neither a judged product nor an event.
    """
    if not products:
        raise SchemaError("products: no row", allowed="at least one product", todo="is this the right file?")
    product_ids, query_ids = [product.product_id for product in products], [query.query_id for query in queries]
    pairs = [(judgment.query_id, judgment.product_id) for judgment in judgments]
    _unique("products.product_id", product_ids)
    _unique("queries.query_id", query_ids)
    _unique("judgments (query_id, product_id)", [f"{query} / {product}" for query, product in pairs])
    _known("judgments.query_id", "queries", (query for query, _ in pairs), query_ids)
    _known("judgments.product_id", "products", (product for _, product in pairs), product_ids)
    _known("interactions.product_id", "products", (event.product_id for event in interactions), product_ids)
    _fail(
        "queries",
        "without text, image, audio or user_id",
        {query.query_id for query in queries if not (query.text or query.image or query.audio or query.user_id)},
        "give these queries something to rank by",
    )
    wrong = [judgment for judgment in judgments if not 0 <= judgment.grade <= max_grade]
    if wrong:
        pair = f"{shown(wrong[0].query_id)} / {shown(wrong[0].product_id)}"
        raise SchemaError(
            f"judgments: {len(wrong)} out of range, e.g. {wrong[0].grade} for {pair}",
            allowed=f"0 .. {max_grade}",
            todo="correct the grades or give another max_grade",
        )
    judged = {query for query, _ in pairs} | {event.query_id for event in interactions}  # a click model judges the latter
    _fail("queries", "without any judged product", set(query_ids) - judged, "judge or drop these queries, or give interactions")


def _unique(what: str, ids: Sequence[str]) -> None:
    _fail(what, "given twice", {key for key, count in Counter(ids).items() if count > 1}, "drop the repeated rows")


def _known(what: str, table: str, ids: Iterable[str], known: Sequence[str]) -> None:
    _fail(what, f"not in {table}", set(ids) - set(known), f"add the rows to {table} or drop the ones that name them")


def _fail(what: str, how: str, ids: set[str], todo: str) -> None:
    if ids:
        some = ", ".join(map(shown, sorted(ids)[:5])) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
        raise SchemaError(f"{what}: {len(ids)} {how}: {some}", todo=todo)
