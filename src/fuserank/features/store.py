"""The feature store: vectors by content hash, one folder for each encoder identity, so equal content is encoded once.

    <root>/<name@version>/manifest.json          what counts: identity, segments, quarantine; replaced atomically
                          <id>.npy  <id>.keys    a segment: float16 (n, d) and n raw 32-byte digests; never changed

A segment exists once the manifest names it: readers see the old state or the new one, and what a killed writer left is
ignored, then removed by the next writer. Writers take turns by a file lock.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import StaleFeatureError
from fuserank.files import write_file

DIGEST = 32
# Reasons that lie in the bytes themselves; the others (missing, too large for today's cap …) may be gone tomorrow.
LASTING_REASONS = frozenset({"unsupported_type", "corrupt", "empty", "not_finite"})


@dataclass
class _Index:
    """What this process knows of one encoder's folder."""

    stamp: tuple[int, int] | None = None
    rows: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # digest -> (segment, row)
    segments: list[np.ndarray] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    quarantined: dict[str, str] = field(default_factory=dict)


class FeatureStore:
    """Vectors of content, appended and never changed. Keys are hex sha256 (64 characters).

    Args:
        root: folder of the store; made at the first append.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self._indexes: dict[str, _Index] = {}

    def missing(self, info: EncoderInfo, keys: Sequence[str]) -> list[str]:
        """Distinct keys, in their order, that have neither a vector nor a lasting quarantine.

        Raises:
            StaleFeatureError: the folder belongs to another encoder of the same name and version.
        """
        index = self._index(info)
        return [k for k in dict.fromkeys(keys) if bytes.fromhex(k) not in index.rows and k not in index.quarantined]

    def get(self, info: EncoderInfo, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of keys.

        Returns:
            (float32 (n, dim), bool (n,)): the second says which were found; the others are zero.

        Raises:
            StaleFeatureError: as for `missing`.
        """
        index = self._index(info)
        places = np.array([index.rows.get(bytes.fromhex(k), (-1, -1)) for k in keys], np.int64).reshape(-1, 2)
        vectors = np.zeros((len(keys), info.dim), np.float32)
        for segment in np.unique(places[:, 0]):
            if segment >= 0:
                mask = places[:, 0] == segment
                vectors[mask] = index.segments[segment][places[mask, 1]]
        return vectors, places[:, 0] >= 0

    def quarantined(self, info: EncoderInfo, keys: Sequence[str]) -> dict[str, str]:
        """Reason by key, for the keys whose content is known to be unusable."""
        known = self._index(info).quarantined
        return {k: known[k] for k in keys if k in known}

    def append(
        self, info: EncoderInfo, keys: Sequence[str], vectors: np.ndarray, quarantined: Mapping[str, str] | None = None
    ) -> int:
        """Add vectors and remember quarantined keys; keys that are there already are left as they are.

        Args:
            keys: n distinct keys.
            vectors: (n, dim), finite in float16.
            quarantined: reason by key; only LASTING_REASONS are remembered.

        Returns:
            the number of vectors added.

        Raises:
            ValueError: shape, or a value that is not finite in float16.
            StaleFeatureError: as for `missing`.
        """
        half = np.asarray(vectors, np.float16)
        if half.shape != (len(keys), info.dim):
            raise ValueError(f"vectors of {info.key} have shape {half.shape}, expected {(len(keys), info.dim)}")
        if not np.isfinite(half).all():
            raise ValueError(f"vectors of {info.key} are not finite in float16")
        folder = self.root / info.key
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            index = self._index(info)
            new = [i for i, k in enumerate(keys) if bytes.fromhex(k) not in index.rows]
            lasting = {k: r for k, r in (quarantined or {}).items() if r in LASTING_REASONS and k not in index.quarantined}
            if new or lasting:
                self._commit(info, folder, [keys[i] for i in new], half[new], lasting)
        return len(new)

    def _commit(self, info: EncoderInfo, folder: Path, keys: list[str], half: np.ndarray, lasting: dict[str, str]) -> None:
        """Write one segment, then the manifest that names it. The lock is held."""
        manifest = _read_manifest(folder, info)
        _remove_orphans(folder, {entry["name"] for entry in manifest["segments"]})
        if keys:
            name = uuid.uuid4().hex
            write_file(folder / f"{name}.keys", b"".join(bytes.fromhex(k) for k in keys))
            write_file(folder / f"{name}.npy", _npy_bytes(half))
            manifest["segments"].append({"name": name, "rows": len(keys)})
        manifest["quarantined"].update(lasting)
        write_file(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")

    def _index(self, info: EncoderInfo) -> _Index:
        """What the folder holds now, read again only when its manifest was replaced."""
        folder = self.root / info.key
        index = self._indexes.setdefault(info.key, _Index())
        path = folder / "manifest.json"
        if not path.exists():
            return _Index()
        stat = path.stat()
        if index.stamp != (stat.st_ino, stat.st_mtime_ns):
            manifest = _read_manifest(folder, info)
            for entry in manifest["segments"]:
                if entry["name"] not in index.names and (segment := _open_segment(folder, entry, info.dim)) is not None:
                    digests = (folder / f"{entry['name']}.keys").read_bytes()
                    number = len(index.segments)
                    index.segments.append(segment)
                    index.names.add(entry["name"])
                    index.rows.update((digests[i * DIGEST : (i + 1) * DIGEST], (number, i)) for i in range(entry["rows"]))
            index.quarantined = manifest["quarantined"]
            index.stamp = (stat.st_ino, stat.st_mtime_ns)
        return index


def _read_manifest(folder: Path, info: EncoderInfo) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.exists():
        return {"encoder": asdict(info), "segments": [], "quarantined": {}}
    try:
        manifest: dict[str, Any] = json.loads(path.read_text())
        found = manifest["encoder"]
    except (ValueError, KeyError, TypeError) as error:
        raise StaleFeatureError(f"{path} cannot be read: {error}", todo=f"delete {folder} and extract again") from None
    if found != asdict(info):
        changed = [name for name, value in asdict(info).items() if found.get(name) != value]
        raise StaleFeatureError(
            f"stored vectors of {info.key} were made by another encoder: {', '.join(changed)} differ",
            allowed=f"{', '.join(f'{name}={getattr(info, name)!r}' for name in changed)}",
            todo=f"delete {folder} and extract again",
        )
    return manifest


def _open_segment(folder: Path, entry: dict[str, Any], dim: int) -> np.ndarray | None:
    """The segment's vectors, memory-mapped; None when its files are damaged, so that its keys are encoded again."""
    try:
        vectors = np.load(folder / f"{entry['name']}.npy", mmap_mode="r", allow_pickle=False)
        size = (folder / f"{entry['name']}.keys").stat().st_size
    except (OSError, ValueError, EOFError):
        return None
    whole = vectors.shape == (entry["rows"], dim) and vectors.dtype == np.float16 and size == entry["rows"] * DIGEST
    return vectors if whole else None


def _remove_orphans(folder: Path, named: set[str]) -> None:
    """Delete segments and half-written files that no manifest names; the lock is held, so nobody is writing them."""
    for path in folder.iterdir():
        if path.name not in {"manifest.json", ".lock"} and path.stem not in named:
            path.unlink()


def _npy_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
