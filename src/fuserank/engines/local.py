"""This process, one part after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from fuserank.engines.base import Part, Result


class Local:
    """Works where it is called, lazily."""

    def map(self, make_worker: Callable[[], Callable[[Part], Result]], parts: Iterable[Part]) -> Iterator[Result]:
        """As of `Engine.map`."""
        worker = make_worker()
        for part in parts:
            yield worker(part)


LOCAL = Local()
