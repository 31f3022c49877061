"""One small sample store for all tests of this folder, and the folder of real data where there is one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fuserank.data.dataset import Dataset
from fuserank.data.sample import build_sample

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """60 products, 24 queries."""
    return build_sample(tmp_path_factory.mktemp("sample") / "data", products=60, queries=24)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The default size: 600 products, 150 queries."""
    return build_sample(tmp_path_factory.mktemp("shop") / "data")


@pytest.fixture(scope="session")
def real() -> Callable[[str], Path]:
    """Folder of one real set, or a skip that says why."""

    def folder(name: str) -> Path:
        root = Path(os.environ.get("FUSERANK_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
        if not (root / name).is_dir():
            pytest.skip(f"no real data {name!r} in {root}; set FUSERANK_SHARED_DATA to the folder that holds it")
        return root / name

    return folder
