"""`fuserank …`: the command line. Reads settings, calls `fuserank.pipeline`, tells what it found.

Errors are one line and an exit code. Exit codes stand in docs/operations.md.
"""

from __future__ import annotations

import os
import sys

from rich.markup import escape
from typer.exceptions import TyperException

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
from fuserank.cli.telling import err
from fuserank.errors import FuserankError, InputError

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
STOPPED, PIPE_CLOSED = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as shells have it


def main() -> None:
    """Entry point: an error of ours becomes one line on stderr and its exit code, and so does one of usage or of the system."""
    try:
        code = app(prog_name="fuserank", standalone_mode=False)
        sys.stdout.flush()
    except FuserankError as error:
        sys.exit(_said(str(error), error.exit_code))
    except TyperException as error:
        sys.exit(_said(_usage(error), InputError.exit_code))
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(PIPE_CLOSED)
    except OSError as error:  # a disk that is full, a name that is too long, no leave to write
        if error.strerror is None:
            raise
        place = "" if error.filename is None else f": {str(error.filename)[:NAMED]!r}"
        sys.exit(_said(f"{error.strerror}{place}", FuserankError.exit_code))
    if code == STOPPED:
        err.print("stopped", highlight=False)
    sys.exit(code or 0)


def _said(error: str, code: int) -> int:
    err.print(f"[red]error:[/] {escape(error)}", highlight=False)
    return code


def _usage(error: TyperException) -> str:
    """What is wrong with a command or an option, the nearest that there is, and whose help says more."""
    context, near = getattr(error, "ctx", None), getattr(error, "possibilities", None)
    came = error.message if near else error.format_message()
    came = f"{' '.join(came.split()).rstrip('.')}{f'. Did you mean {sorted(near)[0]!r}?' if near else ''}"
    return f"{came}; next: {context.command_path if context else 'fuserank'} --help"
