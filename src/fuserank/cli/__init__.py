"""`fuserank …`: the command line. Reads settings, calls `fuserank.pipeline`, prints; errors are one line and an exit code.

Exit codes: 0 done; 1 failed; 2 wrong input, setting or name; 3 validation found a broken critical rule; 4 stale features; 5 damaged
model folder.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.markup import escape

from fuserank.cli import (
    behaviour,
    champions,
    comparing,
    data,
    lineages,
    looking,
    merchandising,
    operating,
    recipes,
    releasing,
    serving,
    training,
    versions,
)
from fuserank.cli.base import app, models
from fuserank.errors import FuserankError

# Importing the modules registers their commands.
__all__ = [
    "app",
    "behaviour",
    "champions",
    "comparing",
    "data",
    "lineages",
    "looking",
    "main",
    "merchandising",
    "models",
    "operating",
    "recipes",
    "releasing",
    "serving",
    "training",
    "versions",
]

NAMED = 120  # characters of a path in an error


def main() -> None:
    """Entry point: an error of ours becomes one line on stderr and its exit code, and so does one of the system."""
    try:
        app()
    except FuserankError as error:
        _say(str(error))
        sys.exit(error.exit_code)
    except OSError as error:  # a disk that is full, a name that is too long, no leave to write
        if error.strerror is None:
            raise
        _say(error.strerror + ("" if error.filename is None else f": {str(error.filename)[:NAMED]!r}"))
        sys.exit(FuserankError.exit_code)


def _say(error: str) -> None:
    Console(stderr=True, emoji=False).print(f"[red]error:[/] {escape(error)}", highlight=False, markup=True, soft_wrap=True)
