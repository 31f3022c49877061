"""Contents encoded by the workers of an engine, each with an encoder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from fuserank.encoders.base import Encoder, EncoderInfo
from fuserank.engines import Engine
from fuserank.features.extraction import Encoded, ReadBytes, encode
from fuserank.modalities.base import Content, Modality

PART = 512  # contents that a worker gets at once; fewer in all are encoded here: no worker is worth making


@dataclass(frozen=True)
class ByEngine:
    """Encodes as `fuserank.features.extraction.encode` does, in the workers of an engine.

    Attributes:
        engine: whose workers.
        make_modalities: gives modalities with the encoders that will be asked for; must survive pickling.
        batch_size, workers: as of `encode`.
    """

    engine: Engine
    make_modalities: Callable[[], Sequence[Modality]]
    batch_size: int = 32
    workers: int = 2

    def __call__(self, contents: Iterable[Content], encoder: Encoder, read_bytes: ReadBytes, /) -> Iterator[Encoded]:
        """Encode; `read_bytes` must survive pickling."""
        todo = list(contents)
        here = partial(encode, batch_size=self.batch_size, workers=self.workers)
        if len(todo) <= PART or not encoder.info.sha256:  # without weights it is quicker here than sent away
            yield from here(todo, encoder, read_bytes)
            return
        parts = (todo[start : start + PART] for start in range(0, len(todo), PART))
        yield from self.engine.map(partial(_encoding, self.make_modalities, encoder.info, read_bytes, here), parts)


def _encoding(
    make_modalities: Callable[[], Sequence[Modality]],
    info: EncoderInfo,
    read_bytes: ReadBytes,
    here: Callable[[Iterable[Content], Encoder, ReadBytes], Iterator[Encoded]],
) -> Callable[[list[Content]], Encoded]:
    """A worker of an engine: contents -> their vectors, and the reasons of those that cannot be used."""
    encoder = next(m.encoder for m in make_modalities() if m.encoder and m.encoder.info == info)

    def work(contents: list[Content]) -> Encoded:
        batches = list(here(contents, encoder, read_bytes))
        return Encoded(
            [key for batch in batches for key in batch.keys],
            np.concatenate([batch.vectors for batch in batches]),
            {key: reason for batch in batches for key, reason in batch.quarantined.items()},
        )

    return work
