"""A job refuses unknown names before any work, says which split is empty, and claims a data version only when it is that one."""

from dataclasses import replace

import pytest
import yaml

from fuserank.data.dataset import Dataset, write_dataset
from fuserank.errors import InputError, SettingsError, UnknownNameError
from fuserank.pipeline.extract import extract
from fuserank.pipeline.job import Job, dvc_hash
from fuserank.pipeline.train import slates_of
from fuserank.settings import load_settings
from fuserank.types import Judgment


@pytest.mark.parametrize(
    ("section", "values", "error"),
    [
        ("training", {"rankers": ("cocnat+sequence",)}, UnknownNameError),
        ("training", {"rankers": ("concat+sequenc",)}, UnknownNameError),
        ("training", {"rankers": ("concat",)}, SettingsError),
        ("training", {"loss": "softmx"}, UnknownNameError),
        ("features", {"modalities": ("txt",)}, UnknownNameError),
        ("evaluation", {"baselines": ("lambdamrt",)}, UnknownNameError),
    ],
)
def test_unknown_names_are_refused_before_any_work(tmp_path, section, values, error):
    with pytest.raises(error, match="next: "):
        Job(tmp_path / "not even there", load_settings(**{section: values}))


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_an_empty_split_is_named(tiny, tmp_path, split):
    data: Dataset = tiny.job.dataset
    sides = {q.query_id: q.split for q in data.queries}
    judgments = [
        Judgment(query, product, grade, "synthetic")
        for query, grades in data.qrels.items()
        if sides[query] != split
        for product, grade in grades.items()
    ]
    media = (data.media.get(digest) for digest in data.media.hashes())
    write_dataset(tmp_path / "data", data.manifest, products=data.products, queries=data.queries, judgments=judgments, media=media)
    job = replace(tiny.job, data=tmp_path / "data")
    with pytest.raises(InputError, match=f"no query of split {split} has"):
        slates_of(job, extract(job)[0])


def test_a_hash_of_dvc_counts_only_for_the_bytes_it_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shop = tmp_path / "data" / "shop"
    shop.mkdir(parents=True)
    (shop / "products.parquet").write_bytes(b"four")
    assert dvc_hash(shop) is None
    (tmp_path / "data.dvc").write_text(yaml.safe_dump({"outs": [{"md5": "abc.dir", "nfiles": 1, "size": 4, "path": "data"}]}))
    assert dvc_hash(shop) == "abc.dir"
    (tmp_path / "data" / "other.txt").write_bytes(b"another shop")
    assert dvc_hash(shop) is None
    assert dvc_hash(tmp_path) is None
