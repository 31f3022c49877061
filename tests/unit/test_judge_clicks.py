"""`fuserank judge-clicks` and `fuserank counterfactual`: from a dataset with clicks to another dataset, and to a value."""

import json
import sys

import pytest

from fuserank import cli
from fuserank.click_models import CLICK_MODELS
from fuserank.data.dataset import Dataset, Manifest, write_dataset
from fuserank.errors import InputError, TooFewError, UnknownNameError
from fuserank.pipeline.judge_clicks import judge_clicks
from fuserank.types import Judgment, Product, Query
from tests.unit.click_models.known_shoppers import PRODUCTS, QUERIES, table

import pyarrow as pa  # isort: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Queries of train that shoppers asked, one of test that nobody did; a product that is no candidate in training."""
    from fuserank.types import Interaction

    events = [Interaction(**row) for row in table(sessions=3000).to_pylist()]
    products = [Product(f"p{n}", f"thing {n}", split="test" if n == 0 else None) for n in range(PRODUCTS)]
    queries = [Query(f"q{n}", f"words {n}", split="train") for n in range(QUERIES)] + [Query("other", "else", split="test")]
    judgments = [Judgment("q0", "p1", 2, "human"), Judgment("other", "p0", 3, "human")]
    manifest = Manifest(name="clicked", origin="made up", licence="none")
    root = tmp_path_factory.mktemp("shop") / "data"
    return write_dataset(root, manifest, products=products, queries=queries, judgments=judgments, interactions=events)


@pytest.mark.parametrize("model", CLICK_MODELS)
def test_judgments_come_from_clicks_and_other_queries_keep_theirs(shop, tmp_path, model):
    result = judge_clicks(shop, model, tmp_path / "new")
    rows = result.dataset.table("judgments").to_pylist()
    assert {row["source"] for row in rows if row["query_id"] != "other"} == {"click_model"}
    assert [row for row in rows if row["query_id"] == "other"] == [
        {"query_id": "other", "product_id": "p0", "grade": 3, "source": "human"}
    ]
    assert result.kept == 1 and result.queries == len({row["query_id"] for row in rows}) - 1
    assert {row["grade"] for row in rows} <= set(range(4))
    assert not any(row["product_id"] == "p0" and row["source"] == "click_model" for row in rows), "no candidate in training"
    assert len(result.dataset.interactions) == len(shop.interactions)
    note = json.loads(result.note.read_text())
    assert (note["model"], note["lists"], note["examination"][0]) == (model, 3000, 1.0)


def test_more_looks_asked_for_judge_fewer_products(shop, tmp_path):
    few, many = (judge_clicks(shop, "pbm", tmp_path / "new", fewest=looks) for looks in (1, 10))
    assert many.judgments < few.judgments
    with pytest.raises(TooFewError, match="lower --looks"):
        judge_clicks(shop, "pbm", tmp_path / "new", fewest=1e6)


def test_what_cannot_be_is_refused_and_leaves_nothing(shop, tmp_path):
    with pytest.raises(UnknownNameError, match="cascade"):
        judge_clicks(shop, "casacde", tmp_path / "new")
    with pytest.raises(InputError):
        judge_clicks(shop, "pbm", shop.root)
    silent = write_dataset(tmp_path / "silent", shop.manifest, products=shop.products, queries=shop.queries)
    with pytest.raises(TooFewError, match="0 lists with 0 clicks"):
        judge_clicks(silent, "pbm", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_events_of_unknown_queries_and_products_are_not_read(shop, tmp_path):
    events = shop.table("interactions")
    names = pa.array([name.replace("p", "x") for name in events["product_id"].to_pylist()])
    foreign = events.set_column(events.schema.get_field_index("product_id"), events.schema.field("product_id"), names)
    root = tmp_path / "foreign"
    write_dataset(root, shop.manifest, products=shop.products, queries=shop.queries)
    import pyarrow.parquet as pq

    pq.write_table(foreign, root / "interactions.parquet")
    with pytest.raises(TooFewError, match="0 lists"):
        judge_clicks(Dataset.open(root), "pbm", tmp_path / "new")


@pytest.fixture
def fuserank(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("FUSERANK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FUSERANK_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["fuserank", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        return stopped.value.code, *capsys.readouterr()

    return run


def test_the_command_prints_propensities_and_json(fuserank, shop, tmp_path):
    code, said, _ = fuserank("judge-clicks", shop.root, "--to", tmp_path / "new")
    assert code == 0 and "looked at" in said and "1.000" in said and "judgments by clicks" in said
    code, said, _ = fuserank("judge-clicks", shop.root, "--to", tmp_path / "new", "--model", "coec", "--json")
    assert code == 0 and json.loads(said)["model"] == "coec"
    code, _, error = fuserank("judge-clicks", shop.root, "--to", tmp_path / "new", "--model", "nothing")
    assert code == 2 and "pbm" in error and "Traceback" not in error


def test_without_a_champion_there_is_nothing_to_value(fuserank, shop):
    code, _, error = fuserank("counterfactual", shop.root)
    assert code == 2 and "champion" in error
