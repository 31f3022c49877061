"""The page of settings, made of the tree that reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import BaseModel

from fuserank.settings import Settings

INTRODUCTION = """# Settings

Where values come from, and which source wins: [operations](../operations.md#settings).
Made from the code when the site is built."""


def settings() -> str:
    """A table a section: name and environment variable, default, meaning."""
    parts, section = [INTRODUCTION], None
    for path, default, meaning in _leaves(Settings, ()):
        if (path[0] if path[1:] else "") != section:
            section = path[0] if path[1:] else ""
            parts.append(f"## {section or 'Places'}\n\n| setting, environment | default | meaning |\n|---|---|---|")
        names = f"`{'.'.join(path)}`<br>`FUSERANK_{'__'.join(path).upper()}`"
        parts[-1] += f"\n| {names} | `{default}` | {meaning} |"
    return "\n\n".join(parts) + "\n"


def _leaves(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(path, default, meaning) of every setting below a section."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, (*above, name))
        else:
            default = json.dumps(field.default) if isinstance(field.default, tuple | dict) else str(field.default)
            yield (*above, name), default, (field.description or "").replace("|", "/")
