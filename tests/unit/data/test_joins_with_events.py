"""Queries that only clicks can judge are taken in; those that nothing says anything about are not."""

import pytest

from fuserank.data.importers.joins import check_joins
from fuserank.errors import SchemaError
from fuserank.types import Interaction, Product, Query


def test_events_stand_in_for_judgments():
    products, queries = [Product("p", "cup")], [Query("q", "cup", split="train"), Query("r", "mug", split="train")]
    events = [
        Interaction(timestamp=1, user_id="u", session_id="s", product_id="p", action="click", query_id=q, position=None)
        for q in "qr"
    ]
    check_joins(products, queries, [], events, max_grade=3)
    with pytest.raises(SchemaError, match=r"1 without any judged product: 'r'; next: .*interactions"):
        check_joins(products, queries, [], events[:1], max_grade=3)
