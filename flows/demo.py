"""The demo: build the sample store and a later, drifted batch of it, run the chain, say what to do next."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from flows.chain import chain
from flows.command import out, tell
from fuserank.data.sample import build_sample
from fuserank.settings import load_settings

SAMPLE = Path("data/sample")
NEXT = (
    "source .venv/bin/activate && fuserank serve sample   # then: curl lines of the README",
    "docs/data.md                   # your own products, queries and judgments",
    "make test                      # all tests",
)


def main() -> None:
    """Run the demo from the repository root."""
    started = time.monotonic()
    batch = load_settings().home / "batches" / "later"
    if not SAMPLE.exists():
        build_sample(SAMPLE)
    if not batch.exists():
        build_sample(batch, products=240, queries=40, seed=1, hue_shift=60.0, new_category=True)
    logging.getLogger("prefect").setLevel(logging.INFO)
    # A filter, since bm25s sets its logger to DEBUG whenever it is first imported.
    logging.getLogger("bm25s").addFilter(lambda record: record.levelno >= logging.WARNING)
    result = chain(SAMPLE, batch)
    tell(result)
    if result["bento"] is None:
        sys.exit(1)
    out.print(f"took {time.monotonic() - started:.0f} s; next:", *NEXT, sep="\n  ")


if __name__ == "__main__":
    main()
