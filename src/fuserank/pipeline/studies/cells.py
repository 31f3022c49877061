"""Measured cells of a study, kept in one JSON file: a study that was stopped goes on where it was, a second run only reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuserank.files import write_file


class Cells:
    """Values by name.

    Args:
        path: the file; its name must change with everything that the values depend on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._values: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    def __call__(self, name: str, measure: Callable[[], Any]) -> Any:
        """The value called `name`, measured now if it is not there. It must be JSON-able, and comes back as JSON gives it."""
        if name not in self._values:
            self._values[name] = json.loads(json.dumps(measure()))
            write_file(self.path, json.dumps(self._values))
        return self._values[name]
