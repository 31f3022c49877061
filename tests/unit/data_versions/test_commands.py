"""`fuserank data …` as it is typed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from typer.testing import CliRunner

from fuserank.cli import app


@pytest.fixture
def fuserank(repository, monkeypatch):
    """Runs a command in the repository: (exit code, what it prints)."""
    monkeypatch.chdir(repository.root)

    def run(*arguments):
        done = CliRunner().invoke(app, ["data", *arguments])
        return done.exit_code, done.stdout, done.exception

    return run


def test_from_add_to_restore(repository, fuserank):
    status, said, _ = fuserank("add")
    assert status == 0
    assert "11 files, 0.3 MiB; next: git commit data.dvc" in said
    first = repository.commit("the [red] shop")
    repository.products[9] = replace(repository.products[9], price=1.5)
    repository.repaint(7)
    repository.write()
    _, said, _ = fuserank("diff")
    assert "shop changed" in said
    assert "products     +0 -0 ~2 (price 1, image 1)" in said
    assert "~p7, ~p9" in said
    assert "media        +1 -1" in said
    fuserank("add")
    _, said, _ = fuserank("log")
    assert "the [red] shop" in said
    assert first[:12] in said
    assert "not yet" in said
    assert fuserank("verify")[0] == 0
    assert fuserank("restore", first[:8])[0] == 0
    assert "nothing changed" in fuserank("diff", first)[1]


def test_what_is_lost_gives_exit_code_1(repository, fuserank):
    fuserank("add")
    repository.cached("products.parquet").unlink()
    repository.products.pop()
    repository.write()
    status, said, _ = fuserank("verify")
    assert status == 1
    assert "shop/products.parquet: missing in the cache, lost" in said
