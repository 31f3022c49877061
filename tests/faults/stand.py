"""What the faults are tried on: two packages of the sample store that differ in their ranker alone, beside a release."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fuserank.data.dataset import Dataset
from fuserank.serving import Release, write_release
from tests.served_shops import open_shop, sample_store

PRODUCTS, QUERIES = 60, 24


@dataclass(frozen=True)
class Stand:
    """Attributes: packages: the folder that holds the packages `a` and `b`, and `release.json`."""

    packages: Path
    dataset: Dataset

    @property
    def release(self) -> Path:
        """The file that a service follows."""
        return self.packages / "release.json"

    def promote(self, package: str) -> None:
        """Write a release with this champion alone."""
        write_release(self.release, Release(champion=package))

    @cached_property
    def texts(self) -> list[str]:
        """Words of the store's queries, each once."""
        return list(dict.fromkeys(query.text for query in self.dataset.queries if query.text))

    @cached_property
    def product_ids(self) -> list[str]:
        """Of the catalogue, in its order."""
        return [product.product_id for product in self.dataset.products]

    def media(self, kind: str) -> bytes:
        """The first picture ("image") or sound ("audio") of a query."""
        return self.dataset.media.get(next(name for query in self.dataset.queries if (name := getattr(query, kind))))


def stand_at(folder: Path) -> Stand:
    """The stand in `folder`; made there when it is not."""
    packages = folder / "packages"
    if not packages.is_dir():
        store = sample_store(folder, products=PRODUCTS, queries=QUERIES)
        work = folder / "work"
        for seed, name in enumerate(("a", "b")):
            (folder / name).mkdir()
            shutil.copytree(open_shop(store, folder / name, seed=seed).package, work / name)
        work.rename(packages)
    stand = Stand(packages, Dataset.open(folder / "data"))
    stand.promote("a")
    return stand
