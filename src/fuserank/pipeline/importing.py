"""Real sets as datasets, imported once: again only when the set, the options or the code that reads them changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fuserank.data.importers import IMPORTERS
from fuserank.data.sample import build_sample
from fuserank.files import write_file
from fuserank.pipeline.job import code_version

SAMPLE = "sample"  # is generated, and has no folder among the real sets


def import_once(importer: str, source: Path, target: Path, options: Mapping[str, Any]) -> None:
    """Make the dataset `target`, unless it is there and was made from the same.

    Args:
        importer: name in IMPORTERS, whose folder lies in `source`, or ``sample``.
        source: folder of all sets; an importer may look beside its own.
        options: keywords of the importer.
    """
    made_from = {"importer": importer, "options": dict(options), "code": code_version(("data", "types.py"))}
    if importer != SAMPLE:
        made_from["files"] = _listing(source)
    note, identity = target.with_name(f"{target.name}.made.json"), json.dumps(made_from, sort_keys=True)
    if note.exists() and note.read_text() == identity and (target / "dataset.json").exists():
        return
    if importer == SAMPLE:
        build_sample(target, **options)
    else:
        IMPORTERS[importer](source / importer, target, **options)
    write_file(note, identity)


def _listing(source: Path) -> str:
    """sha256 over names, sizes and times of all files: what `make` would look at."""
    digest = hashlib.sha256()
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        stat = path.stat()
        digest.update(f"{path.relative_to(source)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
