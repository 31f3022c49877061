"""Changes of the catalogue: kept as files, in order, and followed by every worker.

    <UTC time to the microsecond>-<random>.json   {"upsert": {...}} or {"delete": {...}}, as it came

A change is on disk before it is answered. Every worker applies what it has not applied yet, in the order of the names; of one
product the latest change holds, also when an earlier one is seen later. A service that starts, or a package that takes over,
catches up before it answers, so nothing is lost with a process or a model.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakKeyDictionary

from pydantic import BaseModel, ConfigDict, ValidationError

from fuserank.files import write_file
from fuserank.inference_log import log_folder
from fuserank.messages import DeleteRequest, GivenProduct, LeftOut, UpsertRequest
from fuserank.serving.service import RankingService
from fuserank.serving.stock import product_of
from fuserank.types import Product

log = logging.getLogger(__name__)


class Change(BaseModel):
    """One of both."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upsert: UpsertRequest | None = None
    delete: DeleteRequest | None = None


class Updates:
    """The changes in one folder; safe with several processes and threads.

    Args:
        folder: made when it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        # For each service the names of changes that it has applied, and of each product the latest one; it keeps no service alive.
        self._applied: WeakKeyDictionary[RankingService, tuple[set[str], dict[str, str]]] = WeakKeyDictionary()

    def take(self, change: Change, services: Sequence[RankingService]) -> list[LeftOut]:
        """Write a change durably, then let services catch up with it.

        Args:
            services: at least one.

        Returns:
            media of this change that the first of them could not use.
        """
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}.json"
        with self._lock:  # nobody else applies it, and hears what was left out
            write_file(self._folder / name, change.model_dump_json(exclude_none=True))
            left_out = [self._catch_up(service) for service in services]
        return left_out[0].get(name, [])

    def catch_up(self, service: RankingService) -> None:
        """Apply to a service what it has not applied yet."""
        with self._lock:
            self._catch_up(service)

    def _catch_up(self, service: RankingService) -> dict[str, list[LeftOut]]:
        """Names of the changes applied, each with media that could not be used."""
        applied, latest = self._applied.setdefault(service, (set(), {}))
        names = _names(self._folder)
        left_out = {}
        for name in names:
            if name not in applied:
                applied.add(name)
                left_out[name] = self._apply(service, name, latest)
        return left_out

    def _apply(self, service: RankingService, name: str, latest: dict[str, str]) -> list[LeftOut]:
        change = _read(self._folder / name)
        if change is None:
            return []
        products: list[GivenProduct] = change.upsert.products if change.upsert else []
        fresh = [product for product in products if latest.get(product.product_id, "") < name]
        gone = [
            product_id for product_id in (change.delete.product_ids if change.delete else []) if latest.get(product_id, "") < name
        ]
        latest.update(dict.fromkeys([product.product_id for product in fresh] + gone, name))
        left_out = service.upsert(fresh) if fresh else []
        service.delete(gone)
        return left_out


def updates_folder(home: Path, name: str) -> Path:
    """Where the changes of a dataset's catalogue lie; `name` as for `fuserank.inference_log.log_folder`."""
    return home / "updates" / log_folder(home, name).name


def catalogue_changes(home: Path, name: str, media: dict[str, bytes]) -> dict[str, Product | None]:
    """All changes of a dataset's catalogue, as one.

    Args:
        media: the bytes of pictures and sounds are put into it, by hash.

    Returns:
        product id -> the product as it is now; None: it is no longer sold.
    """
    folder, found = updates_folder(home, name), dict[str, Product | None]()
    for path in map(folder.joinpath, _names(folder)):
        change = _read(path)
        for given in change.upsert.products if change and change.upsert else []:
            found[given.product_id] = product_of(given, media)
        found |= dict.fromkeys(change.delete.product_ids if change and change.delete else [])
    return found


def _names(folder: Path) -> list[str]:
    """Of all changes, the oldest first."""
    return sorted(path.name for path in folder.glob("*.json")) if folder.is_dir() else []


def _read(path: Path) -> Change | None:
    """None for one that was removed since it was listed, or cannot be read."""
    try:
        return Change.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        log.exception("change %s cannot be read and is left out", path.name)
        return None
