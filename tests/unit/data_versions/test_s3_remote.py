"""A remote on S3: a real client against moto's server on this machine."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from fuserank.data.dataset import Dataset
from fuserank.data_versions import add, pull, push
from fuserank.errors import FuserankError


@pytest.fixture
def bucket(repository, monkeypatch):
    import boto3
    from moto.server import ThreadedMotoServer

    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket="shop")
        for command in (
            "dvc remote add --default store s3://shop/versions",
            f"dvc remote modify store endpointurl {address}",
        ):
            subprocess.run(command.split(), cwd=repository.root, check=True, capture_output=True)
        yield boto3.client("s3", endpoint_url=address)
    finally:
        server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore", "ignore::ResourceWarning")  # of the S3 client's own code
def test_pushed_to_s3_is_pulled_whole_and_an_altered_object_is_refused(repository, bucket):
    add(repository.root)
    assert push(repository.root) > 0
    assert push(repository.root) == 0
    was = Dataset.open(repository.shop).version
    changed = repository.cached("products.parquet")
    for gone in ("data", ".dvc/cache"):
        shutil.rmtree(repository.root / gone)
    pull(repository.root)
    assert Dataset.open(repository.shop).version == was

    key = f"versions/files/md5/{changed.parent.name}/{changed.name}"
    bucket.put_object(Bucket="shop", Key=key, Body=b"other bytes")
    for gone in ("data", ".dvc/cache"):
        shutil.rmtree(repository.root / gone)
    with pytest.raises(FuserankError, match=r"products\.parquet"):
        pull(repository.root)
