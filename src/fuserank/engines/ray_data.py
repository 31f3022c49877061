"""Ray Data: a pool of actors, each with its own worker, on this machine or on a cluster."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fuserank.engines.base import Part, Result
from fuserank.errors import FuserankError, InputError, UnavailableError

PATIENCE = 5.0  # seconds in which a cluster must answer
SHARE_OF_A_CORE = 0.5  # with whole ones a pool that takes all cores waits for itself (seen with Ray 2.60)


@dataclass(frozen=True)
class RayData:
    """Works in actors.

    Attributes:
        actors: how many; each makes one worker.
        address: of a cluster that runs, ``auto`` or ``host:port``; None: one is started on this machine and stopped afterwards.
    """

    actors: int = 2
    address: str | None = None

    def map(self, make_worker: Callable[[], Callable[[Part], Result]], parts: Iterable[Part]) -> Iterator[Result]:
        """As of `Engine.map`.

        Raises:
            InputError: Ray is not installed.
        """
        given = list(parts)
        if not given:
            return
        ray = _started(self.address)
        ours = not ray.is_initialized()
        try:
            if ours:
                _connect(ray, self.address)
            _quiet(ray)
            rows = ray.data.from_items([{"part": _Held(part)} for part in given], override_num_blocks=len(given))
            done = rows.map_batches(
                _Actor,
                fn_constructor_args=(make_worker,),
                batch_size=1,
                batch_format="numpy",
                compute=ray.data.ActorPoolStrategy(size=min(self.actors, len(given))),
                num_cpus=SHARE_OF_A_CORE,
            )
            for row in done.iter_rows():
                held: _Held = row["result"]
                if isinstance(held.value, FuserankError):
                    raise held.value
                yield held.value
        finally:
            if ours:
                ray.shutdown()


@dataclass(frozen=True)
class _Held:
    """A part or a result as it is: Ray would make columns of lists and dicts."""

    value: Any


class _Actor:
    """Holds a worker where Ray puts it."""

    def __init__(self, make_worker: Callable[[], Callable[[Any], Any]]) -> None:
        self.worker = make_worker()

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
        return {"result": [_Held(self._work(part.value)) for part in batch["part"]]}

    def _work(self, part: Any) -> Any:
        """The result, or an error of ours, of which Ray would give a trace in words only."""
        try:
            return self.worker(part)
        except FuserankError as error:
            return error


def _started(address: str | None) -> Any:
    """Ray, told to report to nobody."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray.data
    except ImportError:
        raise InputError(
            "the engine ray needs the package ray", allowed="engine local, or Ray", todo='pip install "fuserank[scale]"'
        ) from None
    return ray


def _connect(ray: Any, address: str | None) -> None:
    """Start or join; what does not answer is asked first, since Ray itself gives up after minutes."""
    host, _, port = (address or "").rpartition("/")[2].partition(":")
    try:
        if port:
            socket.create_connection((host, int(port)), PATIENCE).close()
        ray.init(address=address, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise UnavailableError(
            f"Ray at {address or 'this machine'}: {' '.join(str(error).split())[:200]}", todo="start it, or set scale.address"
        ) from None


def _quiet(ray: Any) -> None:
    """No progress bars of Ray's own, and results in the order of the parts."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    logging.getLogger("ray.data").setLevel(logging.ERROR)
