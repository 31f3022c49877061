"""The demo: build the sample store and a later, drifted batch of it, run the chain, say what to do next."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from flows.chain import chain
from fuserank.data.sample import build_sample
from fuserank.settings import load_settings

SAMPLE = Path("data/sample")
NEXT = (
    "source .venv/bin/activate && fuserank serve sample   # then: curl lines of the README",
    "fuserank import table --help   # your own products, queries and judgments",
    "make test                      # all tests",
)


def main() -> None:
    """Run the demo from the repository root."""
    started, console = time.monotonic(), Console()
    batch = load_settings().home / "batches" / "later"
    if not SAMPLE.exists():
        build_sample(SAMPLE)
    if not batch.exists():
        build_sample(batch, products=240, queries=40, seed=1, hue_shift=60.0, new_category=True)
    logging.getLogger("prefect").setLevel(logging.INFO)
    # A filter, since bm25s sets its logger to DEBUG whenever it is first imported.
    logging.getLogger("bm25s").addFilter(lambda record: record.levelno >= logging.WARNING)
    result = chain(SAMPLE, batch)
    table = Table(title=f"{result['dataset']}: nDCG@10 on test queries and products")
    for column in ("ranker", "kind", "nDCG@10"):
        table.add_column(column)
    for row in result["leaderboard"]:
        table.add_row(row["ranker"], row["kind"], f"{row['nDCG@10']:.3f}")
    console.print(table)
    reports = Path(result["reports"]).resolve()
    if result["bento"] is None:
        console.print(f"[red]no model passed the gate[/], so nothing is packaged; why: {reports / 'gate.json'}")
        sys.exit(1)
    console.print(f"champion {result['champion']}, Bento {result['bento']}")
    console.print(f"drift of the later batch: {'yes' if result['drift'] else 'no'}")
    for page in ("validation/validation.html", "leaderboard.html", "drift/drift.html"):
        console.print(f"  {reports / page}")
    console.print(f"took {time.monotonic() - started:.0f} s; next:", *NEXT, sep="\n  ")


if __name__ == "__main__":
    main()
