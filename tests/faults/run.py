"""`make faults`: every fault, one after the other, into docs/faults.json. A fault that breaks off is a row that is not ok."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults import (
    bad_media,
    bit_flips,
    bots,
    chain_killed,
    disk,
    fuzz,
    hostile,
    killed,
    no_network,
    operations_killed,
    overload,
    slow_encoder,
    swap,
    tokens,
)
from tests.faults.row import Row, within, write
from tests.faults.stand import stand_at

SERVING = (bit_flips, slow_encoder, tokens, hostile, fuzz, killed, swap, overload)
CHAIN = (bad_media, bots, no_network, chain_killed, operations_killed, disk)
FAULTS = (*SERVING, *CHAIN)


def main() -> None:
    """All of them on one stand."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="fuserank-faults-") as name:
        for fault in FAULTS:
            title = fault.__name__.rpartition(".")[2]
            try:
                found = within(fault.SECONDS, fault.measure, stand_at(Path(name)))
            except Exception as error:
                found = [
                    Row(
                        f"{title}: as a whole",
                        1,
                        1,
                        f"done within {fault.SECONDS} s",
                        f"{type(error).__name__}: {error}"[:300],
                        False,
                    )
                ]
            write(found)
            rows += found
    sys.exit(not all(row.ok for row in rows))


if __name__ == "__main__":
    main()
