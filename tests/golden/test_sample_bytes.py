"""The bytes of the sample store, which the committed data.dvc relies on.

The digests come from this generator itself, run with numpy 2.4.6, Pillow 13.0.0 and pyarrow 26.0.1 on x86-64, with and without the
AVX2, FMA3 and AVX-512 code paths of numpy. They change with the generator on purpose only: then `fuserank sample` and `dvc add`
have to be run again.
"""

import hashlib

import pytest

from fuserank.data.sample import build_sample

MEDIA = "57f836a0cb17348d571822c361f95fa6c0bff43339818fbd8ccefdb9f3b85317"  # sha256 over the media hashes, joined
VERSION = "49fbcf4626c4339675b0afe4cf1449230634d1eadb7149fb750af603154fc9a4"  # Dataset.version


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return build_sample(tmp_path_factory.mktemp("golden") / "data", products=60, queries=24)


def test_pictures_and_sounds(small):
    assert hashlib.sha256("".join(small.media.hashes()).encode()).hexdigest() == MEDIA


def test_the_whole_folder(small):
    assert small.version == VERSION
