"""What changed between two versions of data/."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuserank.data.dataset import Dataset
from fuserank.data_versions import add, differences, find
from fuserank.data_versions.table_rows import compare_tables
from fuserank.errors import SchemaError
from fuserank.types import SCHEMAS, Interaction, Judgment


def test_rows_columns_and_media_are_counted(repository):
    add(repository.root)
    repository.repaint(7)
    repository.products[9] = replace(repository.products[9], price=1.5, title="red mug")
    repository.products.append(replace(repository.products[0], product_id="new"))
    del repository.products[3]
    repository.judgments = [*repository.judgments[1:], Judgment("q2", "p4", 2, "human")]
    repository.interactions.append(Interaction(2, "u", "s", None, "p1", "purchase", None))
    repository.write()
    (shop,) = differences(repository.root, find(repository.root, None), None)
    assert (shop.folder, shop.state, shop.media_added, shop.media_removed) == ("shop", "changed", 1, 1)
    tables = {table.table: table for table in shop.tables}
    assert set(tables) == {"products", "judgments", "interactions"}
    products = tables["products"]
    assert (products.added, products.removed, products.changed) == (1, 1, 2)
    assert products.columns == {"title": 1, "price": 1, "image": 1}
    assert set(products.examples) == {"+new", "-p3", "~p7", "~p9"}
    assert (tables["judgments"].added, tables["judgments"].removed, tables["judgments"].examples) == (1, 1, ("+q2 p4", "-q1 p1"))
    assert (tables["interactions"].added, tables["interactions"].removed) == (1, 0)
    assert {"products.parquet", "judgments.parquet", "interactions.parquet"} < set(shop.files)
    assert shop.bytes == sum((repository.shop / name).stat().st_size for name in shop.files)


def test_the_same_is_no_difference_and_a_new_dataset_is_one(repository):
    add(repository.root)
    old = find(repository.root, None)
    assert differences(repository.root, old, None) == []
    repository.shop = repository.root / "data" / "other"
    repository.write()
    (other,) = differences(repository.root, old, None)
    assert (other.folder, other.state, other.tables[0].added) == ("other", "added", len(repository.products))
    add(repository.root)
    (gone,) = differences(repository.root, find(repository.root, None), old)
    assert (gone.folder, gone.state, gone.tables[0].removed, gone.media_removed) == ("other", "removed", 200, 200)
    assert Dataset.open(repository.shop).products


rows = st.dictionaries(st.integers(0, 8), st.tuples(st.none() | st.integers(0, 2), st.none() | st.sampled_from("ab")), max_size=8)


def written(path, content):
    table = pa.Table.from_pylist(
        [{"query_id": f"q{n}", "split": "test", "timestamp": time, "text": text} for n, (time, text) in content.items()],
        schema=SCHEMAS["queries"],
    )
    pq.write_table(table, path)
    return path


@given(rows, rows)
def test_counts_are_those_of_dictionaries(tmp_path_factory, old, new):
    folder = tmp_path_factory.mktemp("tables")
    found = compare_tables("queries", written(folder / "old", old), written(folder / "new", new))
    both = old.keys() & new.keys()
    assert (found.added, found.removed) == (len(new.keys() - both), len(old.keys() - both))
    assert found.changed == sum(old[n] != new[n] for n in both)
    expected = {"text": sum(old[n][1] != new[n][1] for n in both), "timestamp": sum(old[n][0] != new[n][0] for n in both)}
    assert found.columns == {name: count for name, count in expected.items() if count}


def test_a_table_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "old").write_bytes(b"PAR1 no parquet")
    with pytest.raises(SchemaError, match=r"queries\.parquet"):
        compare_tables("queries", tmp_path / "old", None)
