"""What was heard in voice queries, remembered: by recording, speech model and the words it listened for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from fuserank.encoders.base import EncoderInfo
from fuserank.errors import MediaError
from fuserank.features.content_cache import ContentCache
from fuserank.features.extraction import Progress, ReadBytes
from fuserank.features.store import FeatureStore
from fuserank.files import write_file
from fuserank.modalities.audio import Audio

_BATCH = 16  # transcripts between two writes


def hear(
    hashes: Sequence[str],
    audio: Audio,
    words: Sequence[str],
    store: FeatureStore | ContentCache | None,
    read_bytes: ReadBytes,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Transcripts of recordings by media hash; "" when nothing was said, or when the recording cannot be used.

    Args:
        hashes: recordings, distinct.
        words: words of the catalogue to listen for.
        store: where transcripts are kept; None: nowhere.
    """
    ear = _ear(audio.speech, words)
    path = store.root / "transcripts" / f"{ear}.json" if isinstance(store, FeatureStore) else None
    cache = store if isinstance(store, ContentCache) else ContentCache()
    heard = _read(path) if path else cache.get(ear, hashes)
    missing = [h for h in hashes if h not in heard]
    new: dict[str, str] = {}
    for done, digest in enumerate(missing, 1):
        try:
            new[digest] = audio.transcribe(read_bytes(digest), words)
        except MediaError:  # reported, with its reason, where the recording itself is encoded
            heard[digest] = ""
        if path and new and (done % _BATCH == 0 or done == len(missing)):
            _add(path, new)
        if progress:
            progress(f"{audio.speech.key} transcripts", done, len(missing))
    heard.update(new)
    cache.put(ear, new)
    return {h: heard[h] for h in hashes}


def _ear(speech: EncoderInfo, words: Sequence[str]) -> str:
    """Name of who heard: the speech model and the words that it listened for."""
    listened_for = hashlib.sha256("\n".join(words).encode()).hexdigest()
    return f"{speech.key}-{speech.sha256[:12]}-{listened_for[:12]}"


def _read(path: Path) -> dict[str, str]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _add(path: Path, new: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock")):
        write_file(path, json.dumps({**_read(path), **new}, ensure_ascii=False, indent=1) + "\n")
