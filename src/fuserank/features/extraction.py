"""From content to vectors: items are decoded in threads beside the encoder, and only what the store lacks is encoded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from fuserank.encoders.base import Encoder, EncoderInfo
from fuserank.errors import MediaError
from fuserank.features.store import FeatureStore
from fuserank.modalities.base import Content

ReadBytes = Callable[[str], bytes]
Progress = Callable[[str, int, int], None]  # (encoder key, items done, items to do)
SEGMENT_ROWS = 2048  # vectors written to the store at once; a killed run loses at most these


class Encoded(NamedTuple):
    """One batch: `vectors` float32 (len(keys), dim), and the reason of every item of the batch that could not be decoded."""

    keys: list[str]
    vectors: np.ndarray
    quarantined: dict[str, str]


class Encode(Protocol):
    """Encodes distinct contents, where and how it likes: as `encode` does."""

    def __call__(self, contents: Iterable[Content], encoder: Encoder, read_bytes: ReadBytes, /) -> Iterator[Encoded]:
        """Batches of them, in any order."""
        ...


@dataclass
class ExtractionReport:
    """What an extraction did.

    Attributes:
        encoder: whose vectors.
        encoded: distinct items encoded now.
        reused: distinct items that the store had already (or had in quarantine).
        quarantined: reason by key, of all items asked for, now or before.
    """

    encoder: EncoderInfo
    encoded: int = 0
    reused: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)


def encode(
    contents: Iterable[Content], encoder: Encoder, read_bytes: ReadBytes, *, batch_size: int = 32, workers: int = 2
) -> Iterator[Encoded]:
    """Encode contents in this process, batch by batch; at most two batches of decoded items are held.

    Args:
        contents: what to encode; a key that comes twice is encoded twice, so give distinct ones.
        read_bytes: bytes of a media hash; may raise MediaError.
        batch_size: items the encoder sees at once.
        workers: decoding threads; 0: items are decoded in the caller's thread, which answers sooner where there is only one.
    """

    def prepare(content: Content) -> Any:
        return encoder.prepare(read_bytes(content.value) if content.is_media else content.value)

    source = iter(contents)
    with ThreadPoolExecutor(workers, thread_name_prefix="prepare") if workers else _Here() as pool:
        pending: deque[tuple[str, Future[Any]]] = deque()

        def refill() -> None:
            for content in islice(source, 2 * batch_size - len(pending)):
                pending.append((content.key, pool.submit(prepare, content)))

        refill()
        try:
            while pending:
                batch = [pending.popleft() for _ in range(min(batch_size, len(pending)))]
                refill()
                yield _encode_batch(batch, encoder)
        finally:
            for _, future in pending:
                future.cancel()


def extract(
    contents: Iterable[Content],
    encoder: Encoder,
    store: FeatureStore,
    read_bytes: ReadBytes,
    *,
    encode: Encode = encode,
    progress: Progress | None = None,
) -> ExtractionReport:
    """Encode what the store lacks, and put it there.

    Args:
        encode: where and how; default: here.
        progress: told after every batch.

    Raises:
        StaleFeatureError: the store's vectors were made by another encoder of the same name and version.
    """
    by_key = {content.key: content for content in contents}
    info = encoder.info
    missing = sorted((by_key[key] for key in store.missing(info, list(by_key))), key=_length)
    report = ExtractionReport(info, reused=len(by_key) - len(missing), quarantined=store.quarantined(info, list(by_key)))
    held: list[Encoded] = []
    done = 0
    for batch in encode(missing, encoder, read_bytes):
        held.append(batch)
        done += len(batch.keys) + len(batch.quarantined)
        report.encoded += len(batch.keys)
        report.quarantined.update(batch.quarantined)
        if sum(len(b.keys) for b in held) >= SEGMENT_ROWS or done == len(missing):
            _store(store, info, held)
            held = []
        if progress:
            progress(info.key, done, len(missing))
    return report


class _Here(Executor):
    """Does at once what it is given."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def _encode_batch(batch: Sequence[tuple[str, Future[Any]]], encoder: Encoder) -> Encoded:
    keys, prepared, quarantined = [], [], {}
    for key, future in batch:
        try:
            prepared.append(future.result())
            keys.append(key)
        except MediaError as error:
            quarantined[key] = error.reason
    vectors = encoder.encode(prepared) if prepared else np.zeros((0, encoder.info.dim), np.float32)
    return Encoded(keys, vectors, quarantined)


def _store(store: FeatureStore, info: EncoderInfo, held: Sequence[Encoded]) -> None:
    quarantined = {key: reason for batch in held for key, reason in batch.quarantined.items()}
    store.append(
        info, [key for batch in held for key in batch.keys], np.concatenate([batch.vectors for batch in held]), quarantined
    )


def _length(content: Content) -> int:
    """Texts of like length go together, so that little is padded; everything else keeps its order."""
    return 0 if content.is_media or not isinstance(content.value, str) else len(content.value)
