"""Pages and tables that grow: what is measured anew takes the place of what it replaces, the rest stays.

Measuring everything takes the better part of a day, so each case and study is published when it is done, and says of which commit
it is.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from fuserank.files import write_file
from fuserank.pipeline.job import git_commit

ROWS = "results.json"
MARK = "\n## "


def publish_sections(file: Path, head: str, sections: Mapping[str, str]) -> None:
    """Write a Markdown page: `head`, the sections it had with those in `sections` in their places, new ones last.

    Args:
        head: Markdown before the first section, its end included.
        sections: heading -> Markdown below it; a line with commit and machine is put between.
    """
    old = file.read_text().split(MARK)[1:] if file.exists() else []
    texts = {heading: body for heading, _, body in (section.partition("\n") for section in old)}
    texts |= {heading: f"\n{measured()}\n\n{body.rstrip()}\n" for heading, body in sections.items()}
    write_file(file, head + "".join(f"{MARK}{heading}\n{body}" for heading, body in texts.items()))


def publish_rows(folder: Path, rows: Sequence[Mapping[str, Any]], same: Collection[str]) -> None:
    """Put `rows` into results.json in `folder`; rows that are there and agree with one of them in the keys `same` are replaced."""
    file = folder / ROWS
    replaced = {tuple(row.get(key) for key in same) for row in rows}
    old = json.loads(file.read_text()) if file.exists() else []
    kept = [row for row in old if tuple(row.get(key) for key in same) not in replaced]
    write_file(file, json.dumps([*kept, *rows], indent=1) + "\n")


def measured() -> str:
    """Where and of what: one line in italics."""
    return f"*Commit `{git_commit()[:12]}`, {platform.machine()}, {os.cpu_count()} cores, no GPU.*"
