"""Tables of plugins: a name gives a class or function, an unknown name gives an error that helps."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from fuserank.errors import UnknownNameError

T = TypeVar("T")


class PluginTable(Mapping[str, T], Generic[T]):
    """A fixed mapping from a name to a plugin.

    Args:
        kind: what the plugins are, for the error message (``"fusion"``, ``"loss"`` …).
        entries: the plugins by name; written out where the table is made, nothing registers itself.
    """

    def __init__(self, kind: str, entries: Mapping[str, T]) -> None:
        self.kind = kind
        self._entries = dict(entries)

    def __getitem__(self, name: str) -> T:
        """Give the plugin called `name`.

        Raises:
            UnknownNameError: no such plugin; the message lists the names and the nearest one.
        """
        try:
            return self._entries[name]
        except KeyError:
            near = difflib.get_close_matches(str(name), self._entries, n=1)
            raise UnknownNameError(
                f"unknown {self.kind} {name!r}",
                allowed=", ".join(sorted(self._entries)),
                todo=f"did you mean {near[0]!r}?" if near else "choose one of the allowed names",
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
