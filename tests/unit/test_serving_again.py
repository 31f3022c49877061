"""After a rollback the Bento of the champion that is back is the one that is served."""

import os

import pytest

from fuserank.data.dataset import Manifest, write_dataset
from fuserank.pipeline.job import Job
from fuserank.pipeline.package import serve_again, served
from fuserank.settings import Settings
from fuserank.types import Product


@pytest.fixture
def job(tmp_path):
    dataset = write_dataset(tmp_path / "data", Manifest(name="tiny"), products=[Product("p", "mug")])
    return Job(dataset.root, Settings(home=tmp_path / "home"))


def built(job, name, tag, age):
    path = job.settings.home / "packages" / f"{name}.bento"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tag)
    os.utime(path, (1000 - age, 1000 - age))


def test_the_newest_bento_of_the_version_is_served(job):
    built(job, "v1-aaaa", "ranker:old", age=20)
    built(job, "v1-bbbb", "ranker:new", age=10)
    built(job, "v2-cccc", "ranker:other", age=0)
    assert serve_again(job, "v1") == "ranker:new"
    assert served(job).read_text() == "ranker:new"


def test_without_a_bento_of_the_version_nothing_changes(job):
    built(job, "v2-cccc", "ranker:other", age=0)
    assert serve_again(job, "v1") is None
    assert not served(job).exists()
