"""Progress bars on stderr for everything that takes longer than a moment; a stderr that is no terminal stays silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_live: list[Progress] = []


@contextmanager
def _shown(progress: Progress) -> Iterator[Progress]:
    _live.append(progress)
    try:
        with progress:
            yield progress
    finally:
        _live.remove(progress)


@contextmanager
def bars_aside() -> Iterator[None]:
    """Take bars away while a line is printed, which would stand in the midst of them."""
    bars = [progress for progress in _live if progress.live.is_started]
    for progress in reversed(bars):
        progress.stop()
    yield
    for progress in bars:
        progress.start()


@contextmanager
def named_bars() -> Iterator[Callable[[str, int, int], None]]:
    """One progress bar a name; gives a function (name, items done, items in all)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with _shown(Progress(*columns, console=console, disable=not console.is_terminal)) as progress:
        tasks: dict[str, TaskID] = {}

        def update(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)

        yield update


@contextmanager
def bar_of(name: str) -> Iterator[Callable[[int, int], None]]:
    """One progress bar; gives a function (items done, items in all)."""
    with named_bars() as bars:
        yield lambda done, total: bars(name, done, total)


@contextmanager
def working(name: str) -> Iterator[None]:
    """A bar that moves, and the time since it began, for work whose length nobody knows; it goes away when the work is done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with _shown(Progress(*columns, console=console, disable=not console.is_terminal, transient=True)) as progress:
        progress.add_task(name, total=None)
        yield
