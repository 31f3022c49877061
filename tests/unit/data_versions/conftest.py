"""A repository under git and DVC with one small shop in data/."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fuserank.data import media
from fuserank.data.dataset import Manifest, write_dataset
from fuserank.data.media import media_hash
from fuserank.types import Interaction, Judgment, Product, Query


class Repository:
    """`root` with a shop whose rows and media a test changes, writes and commits."""

    def __init__(self, root: Path) -> None:
        self.root, self.shop = root, root / "data" / "shop"
        rng = np.random.default_rng(0)
        self.media = [rng.bytes(1000) for _ in range(200)]
        self.products = [Product(f"p{n}", f"mug {n}", price=float(n), image=media_hash(data)) for n, data in enumerate(self.media)]
        self.queries = [Query("q1", "mug"), Query("q2", "red mug")]
        self.judgments = [Judgment("q1", "p1", 2, "human"), Judgment("q1", "p2", 0, "human"), Judgment("q2", "p3", 1, "human")]
        self.interactions = [
            Interaction(1, "u", "s", "q1", "p1", "click", 1),
            Interaction(2, "u", "s", None, "p1", "purchase", None),
        ]
        for command in ("git init -q .", "dvc init -q"):
            subprocess.run(command.split(), cwd=root, check=True)

    def write(self) -> None:
        write_dataset(
            self.shop,
            Manifest(name="shop"),
            products=self.products,
            queries=self.queries,
            judgments=self.judgments,
            interactions=self.interactions,
            media=self.media,
        )

    def commit(self, message: str) -> str:
        identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.org"]
        subprocess.run(["git", "add", "data.dvc"], cwd=self.root, check=True)
        subprocess.run(["git", *identity, "commit", "-q", "-m", message], cwd=self.root, check=True)
        return subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=self.root, check=True, capture_output=True, text=True
        ).stdout.strip()

    def repaint(self, row: int) -> None:
        """Another picture for one product."""
        self.media[row] = np.random.default_rng(row + 1).bytes(900)
        self.products[row] = replace(self.products[row], image=media_hash(self.media[row]))

    def cached(self, name: str) -> Path:
        """The cached file of a file of the shop, by the bytes that it has now."""
        from fuserank.data_versions.objects import Objects, md5_file

        return Objects(self.root / ".dvc/cache/files/md5").path(md5_file(self.shop / name))


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Repository:
    monkeypatch.setattr(media, "SMALL_SHARD", 20_000)
    monkeypatch.setattr(media, "LARGE_SHARD", 80_000)
    monkeypatch.setenv("PATH", f"{Path(__import__('sys').executable).parent}:{__import__('os').environ['PATH']}")
    (tmp_path / "root").mkdir()
    made = Repository(tmp_path / "root")
    made.write()
    return made
