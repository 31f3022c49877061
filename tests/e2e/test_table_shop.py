"""A shop's own tables with a folder of pictures, through the installed command: imported whole, and it holds every rule."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fuserank.data.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
COLOURS = ("red", "green", "blue", "black")


@pytest.fixture
def fuserank(tmp_path):
    """Runs the installed command in a process of its own and gives what it printed."""
    settings = {"FUSERANK_HOME": str(tmp_path / "home"), "FUSERANK_REPORTS": str(tmp_path / "reports"), "COLUMNS": "1000"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FUSERANK_")} | settings

    def run(*arguments):
        command = [str(Path(sys.executable).with_name("fuserank")), *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    return run


def write_shop(folder, picture):
    (folder / "pictures").mkdir(parents=True)
    for colour in COLOURS:
        (folder / "pictures" / f"{colour}.png").write_bytes(picture(colour))
    tables = {
        "products": [{"product_id": c, "title": f"{c} mug", "image": f"{c}.png"} for c in COLOURS],
        "queries": [{"query_id": f"q-{c}", "text": f"{c} mug"} for c in COLOURS],
        "judgments": [{"query_id": f"q-{c}", "product_id": c, "grade": 3} for c in COLOURS],
    }
    for name, rows in tables.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def test_import_then_validate(fuserank, tmp_path, picture):
    write_shop(tmp_path / "shop", picture)
    said = fuserank(
        "import", "table", "--from", tmp_path / "shop", "--to", tmp_path / "data", "--media", tmp_path / "shop" / "pictures"
    )
    assert "4 products, 4 queries, 4 judgments" in said
    data = Dataset.open(tmp_path / "data")
    assert {p.product_id: data.media.get(p.image) for p in data.products} == {c: picture(c) for c in COLOURS}
    assert "0 media in quarantine" in fuserank("validate", tmp_path / "data")
    assert (tmp_path / "reports" / "table" / "validation" / "validation.html").stat().st_size > 100
