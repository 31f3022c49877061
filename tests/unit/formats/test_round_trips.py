"""Dataset -> export -> import gives the same, to the last field that the format holds."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.data.exporters import EXPORTERS
from fuserank.data.exporters.letor import export_letor
from fuserank.data.exporters.trec import write_run
from fuserank.data.importers import IMPORTERS
from fuserank.data.importers.huggingface import file_of
from fuserank.data.importers.trec import read_run
from fuserank.data.sample import build_sample
from fuserank.errors import InputError, SchemaError
from fuserank.types import Run
from tests.unit.formats.laid_shop import JUDGMENTS, PRODUCTS, QUERIES, events_of, exported, imported, judgments_of, shop_at

LAID = {"trec": "qrels.txt", "quepid": "judgments.csv", "ubi": "ubi_events.jsonl", "metarank": "events.jsonl"}


@pytest.fixture
def shop(tmp_path):
    return shop_at(tmp_path / "shop")


@pytest.mark.parametrize("name", LAID)
def test_what_is_laid_onto_the_dataset_it_came_from_gives_it_again(shop, tmp_path, name):
    assert exported(shop, name, tmp_path / name), "what a format cannot hold is said"
    before = shop.version
    again = imported(name, tmp_path / name / LAID[name], tmp_path / "again", onto=shop.root)
    assert judgments_of(again) == judgments_of(shop)
    assert events_of(again) == events_of(shop)
    assert (again.products, again.queries, again.manifest) == (shop.products, shop.queries, shop.manifest)
    assert shop.version == before, "the dataset below is not changed"


def test_every_format_that_goes_out_comes_in(shop):
    assert set(EXPORTERS) <= set(IMPORTERS)
    assert set(EXPORTERS) == {*LAID, "letor", "esci", "wands", "huggingface"}


def test_a_letor_file_holds_features_by_number_and_gives_its_grades_back(shop, tmp_path):
    features = np.array([[0.5, 0], [0, -1.25e-7]], np.float32)
    slates = {"train": [("q1", ["p1", "p2"], np.array([3, 0]), features)]}
    (tmp_path / "out").mkdir()
    notes = export_letor(shop, tmp_path / "out", slates=slates, names=["text.cosine", "present.text"])
    assert (tmp_path / "out" / "train.txt").read_text() == "3 qid:q1 1:0.5 # p1\n0 qid:q1 2:-1.25e-07 # p2\n"
    assert (tmp_path / "out" / "features.txt").read_text() == "1 text.cosine\n2 present.text\n"
    assert any("2 queries are left out" in note for note in notes)
    again = imported("letor", tmp_path / "out" / "train.txt", tmp_path / "again", onto=shop.root)
    assert again.qrels == {"q1": {"p1": 3, "p2": 0}}
    assert any("features 1 .. 2 (2) are not used" in note for note in again.warnings)
    assert any("2 of 3 queries" in note for note in again.warnings)


def test_sklearn_reads_the_letor_file(shop, tmp_path):
    from sklearn.datasets import load_svmlight_file

    slates = {"train": [("7", ["p1", "p2"], np.array([3, 0]), np.array([[0.5, 0], [0, 2]], np.float32))]}
    export_letor(shop, tmp_path, slates=slates, names=["a", "b"])
    table, grades, queries = load_svmlight_file(str(tmp_path / "train.txt"), query_id=True, zero_based=False)
    assert table.toarray().tolist() == [[0.5, 0], [0, 2]]
    assert (grades.tolist(), queries.tolist()) == ([3, 0], [7, 7])


def test_letor_of_the_svmlight_kind_is_read(shop, tmp_path):
    (tmp_path / "f").write_text("# made elsewhere\n2 qid:q1 1:1e-3 2:.5 #docid = p1 inc = 1 prob = 0.2\n0.0 qid:q3 #p3\n")
    assert imported("letor", tmp_path / "f", tmp_path / "d", onto=shop.root).qrels == {"q1": {"p1": 2}, "q3": {"p3": 0}}


def test_a_run_comes_back_with_every_score(tmp_path):
    scores = np.array([3.25, 0.1, -1e-8], np.float32)
    write_run(tmp_path / "run", Run("late fusion", {"q1": (["p2", "p1", "p3"], scores)}))
    again = read_run(tmp_path / "run")
    assert again.name == "late-fusion"
    assert again.rankings["q1"][0] == ["p2", "p1", "p3"]
    assert again.rankings["q1"][1].tolist() == scores.tolist()


def test_an_id_that_trec_cannot_hold_is_refused_and_leaves_nothing(tmp_path):
    products = [replace(PRODUCTS[0], product_id="two words")]
    judged = [replace(JUDGMENTS[0], product_id="two words")]
    shop = write_dataset(tmp_path / "shop", Manifest(name="s"), products=products, queries=QUERIES[:1], judgments=judged)
    with pytest.raises(InputError, match="two words"):
        exported(shop, "trec", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_esci_keeps_grades_words_splits_and_texts(tmp_path):
    products = [replace(p, locale="en", price=None, description="d", brand="b") for p in PRODUCTS]
    queries = [replace(q, locale="en", group=q.text) for q in QUERIES]
    shop = write_dataset(tmp_path / "s", Manifest(name="s"), products=products, queries=queries, judgments=JUDGMENTS)
    exported(shop, "esci", tmp_path / "esci")
    again = imported("esci", tmp_path / "esci", tmp_path / "again")
    assert (again.products, again.queries, judgments_of(again)) == (products, queries, judgments_of(shop))


def test_wands_keeps_labels_words_texts_and_numbers(tmp_path):
    products = [replace(p, locale="en", price=None, rating=4.5, popularity=3.0, category="a/b") for p in PRODUCTS]
    judged = [replace(j, grade=min(j.grade, 2)) for j in JUDGMENTS]
    manifest = Manifest(name="s", max_grade=2)
    shop = write_dataset(tmp_path / "s", manifest, products=products, queries=QUERIES, judgments=judged)
    exported(shop, "wands", tmp_path / "wands")
    again = imported("wands", tmp_path / "wands", tmp_path / "again")
    assert (again.products, judgments_of(again)) == (products, judgments_of(shop))
    assert [(q.query_id, q.text) for q in again.queries] == [(q.query_id, q.text) for q in QUERIES]


@pytest.mark.parametrize(("name", "highest"), [("esci", 2), ("wands", 3)])
def test_grades_that_have_no_label_are_refused(tmp_path, name, highest):
    manifest = Manifest(name="s", max_grade=highest)
    shop = write_dataset(tmp_path / "s", manifest, products=PRODUCTS, queries=QUERIES)
    with pytest.raises(InputError, match=f"max_grade {highest}"):
        exported(shop, name, tmp_path / "out")


def test_hugging_face_keeps_everything_with_pictures_and_sounds(tmp_path):
    shop = build_sample(tmp_path / "sample", products=40, queries=20)
    assert exported(shop, "huggingface", tmp_path / "hub") == []
    again = imported("huggingface", tmp_path / "hub", tmp_path / "again")
    assert again.manifest == shop.manifest
    assert again.products == shop.products
    assert sorted(again.queries, key=repr) == sorted(shop.queries, key=repr)
    assert judgments_of(again) == judgments_of(shop)
    assert events_of(again) == events_of(shop)
    assert dict(again.media.items()) == dict(shop.media.items())


def sharded(hub, count):
    """The products of an exported folder, dealt to shards."""
    whole = hub / file_of("products", "train")
    table = pq.read_table(whole)
    whole.unlink()
    shards = [hub / file_of("products", "train", number, count) for number in range(count)]
    for number, path in enumerate(shards):
        size = -(-len(table) // count)
        pq.write_table(table.slice(number * size, size), path)
    return shards


def test_hugging_face_shards_are_one_table(tmp_path):
    shop = build_sample(tmp_path / "sample", products=40, queries=20)
    exported(shop, "huggingface", tmp_path / "hub")
    sharded(tmp_path / "hub", 3)
    again = imported("huggingface", tmp_path / "hub", tmp_path / "again")
    assert (again.products, dict(again.media.items())) == (shop.products, dict(shop.media.items()))


def test_hugging_face_shards_that_are_missing_or_of_two_writings_are_named(tmp_path):
    exported(build_sample(tmp_path / "sample", products=40, queries=20), "huggingface", tmp_path / "hub")
    shards = sharded(tmp_path / "hub", 3)
    shards[1].rename(tmp_path / "away")
    with pytest.raises(SchemaError, match=r"1 of 3 shards of train are not there, first train-00001-of-00003\.parquet"):
        imported("huggingface", tmp_path / "hub", tmp_path / "again")
    (tmp_path / "away").rename(tmp_path / "hub" / file_of("products", "train"))
    with pytest.raises(SchemaError, match="shards of train say that there are 1 and 3"):
        imported("huggingface", tmp_path / "hub", tmp_path / "again")
