"""What an engine does: it maps a worker over parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")


class Engine(Protocol):
    """Maps a worker over parts; results come in the order of the parts."""

    def map(self, make_worker: Callable[[], Callable[[Part], Result]], parts: Iterable[Part]) -> Iterator[Result]:
        """Results of the parts.

        Args:
            make_worker: called once where the work is done, so that what is dear to make (an encoder) is made once. It, the parts
                and the results must survive pickling where an engine has other processes.

        Raises:
            UnavailableError: the engine has nowhere to work.
        """
        ...
