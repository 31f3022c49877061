"""Cosines of a query with very many vectors, fast and with a bound on their error, so that few have to be computed exactly.

Vectors are stored as float16, which no processor here multiplies: widening 100,000 of 384 numbers for every query costs more than
all else that a search does. A screen keeps them in a form that is read fast: float32 for few, bytes for many. Bytes are multiplied
by ONNX Runtime (MatMulInteger), the query as two digits of seven bits, so that no processor's 16-bit sums overflow. By
Cauchy-Schwarz a cosine is off by at most the length of what rounding took away: |q·p - q'·p'| <= |p - p'| + |q - q'| |p'|.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from threading import Lock
from typing import Any, Protocol

import numpy as np

from fuserank.encoders.base import unit_rows

FEW = 4096  # vectors up to which a screen holds float32
CHUNK = 65_536  # vectors in one matrix of bytes
BLOCK = 1024  # vectors that are rounded at once: as float32 they should fit into a cache
SLACK = 1e-5  # more than the rounding of float32 sums
DIGIT = 128  # the query is 128 * high + low, both within ±64
LARGEST = 63 * DIGIT


class Screen(Protocol):
    """Approximate cosines with the n vectors of an array."""

    nbytes: int

    def cosines(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Cosines with a query of length 1, float32 (d,), and how far off each is at most: float32 (n,) both."""
        ...


class FloatScreen:
    """Few vectors, as float32.

    Args:
        vectors: (n, d).
    """

    def __init__(self, vectors: np.ndarray) -> None:
        self._unit = unit_rows(vectors)
        self.nbytes = self._unit.nbytes

    def cosines(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Screen.cosines`."""
        return self._unit @ query, np.full(len(self._unit), SLACK, np.float32)


class ByteScreen:
    """Many vectors, a byte a number: each vector has a step of its own, 1/127 of its largest number.

    Args:
        vectors: (n, d) with n > 0; read in chunks of CHUNK rows.
    """

    def __init__(self, vectors: np.ndarray) -> None:
        self._steps, self._lost = np.zeros(len(vectors), np.float32), np.zeros(len(vectors), np.float32)
        self._multiply: list[Callable[[np.ndarray], np.ndarray]] = []
        for start in range(0, len(vectors), CHUNK):
            chunk = vectors[start : start + CHUNK]
            matrix = np.empty(chunk.shape, np.int8)
            for row in range(0, len(chunk), BLOCK):
                block, place = slice(row, row + BLOCK), slice(start + row, start + min(row + BLOCK, len(chunk)))
                matrix[block], self._steps[place], self._lost[place] = _rounded(chunk[block])
            self._multiply.append(_multiplier(matrix))
        self.nbytes = vectors.size + self._steps.nbytes + self._lost.nbytes

    def cosines(self, query: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Screen.cosines`."""
        step = float(np.abs(query).max(initial=0)) / LARGEST or 1.0
        whole = np.rint(query / step).astype(np.int32)
        high = (whole + DIGIT // 2) // DIGIT
        digits = np.stack([high, whole - DIGIT * high])
        products = np.concatenate([multiply(digits) for multiply in self._multiply], axis=1).astype(np.float32)
        cosines = (DIGIT * products[0] + products[1]) * (self._steps * np.float32(step))
        lost = float(np.linalg.norm(query - whole * step))
        return cosines, self._lost * np.float32(1 + lost) + np.float32(lost + SLACK)


def _rounded(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Directions of (n, d) vectors as int8 within ±127; float32 (n,) what one step is worth, and the length that rounding took."""
    unit = unit_rows(vectors)
    steps = np.abs(unit).max(axis=1, initial=0) / np.float32(127)
    whole = np.rint(unit / np.where(steps > 0, steps, 1)[:, None])
    return whole.astype(np.int8), steps, np.linalg.norm(unit - whole * steps[:, None], axis=1)


def _multiplier(matrix: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Integers (m, d) within ±64 -> their products with the rows of `matrix`, int8 (n, d) within ±127: int32 (m, n), exact."""
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    n, d = matrix.shape
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["digits", "matrix", "zero"], ["products"])],
        "screen",
        [helper.make_tensor_value_info("digits", TensorProto.UINT8, [None, d])],
        [helper.make_tensor_value_info("products", TensorProto.INT32, [None, n])],
        [
            numpy_helper.from_array(np.ascontiguousarray(matrix.T), "matrix"),
            numpy_helper.from_array(np.array(DIGIT // 2, np.uint8), "zero"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return partial(_run, session)


def _run(session: Any, digits: np.ndarray) -> np.ndarray:
    products: np.ndarray = session.run(None, {"digits": (digits + DIGIT // 2).astype(np.uint8)})[0]
    return products


class Screens:
    """The screens of arrays: each is made when it is first asked for and kept as long as its array lives. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int | None], tuple[weakref.ref[np.ndarray], Screen]] = {}
        self._lock = Lock()

    def of(self, array: np.ndarray, part: slice) -> Screen:
        """The screen of a part of an array's columns.

        Args:
            array: float (n, d); must not change.
            part: the leading columns, ``slice(None)`` or ``slice(width)``.
        """
        key = id(array), part.stop
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0]() is not array:
                screen: Screen = FloatScreen(array[:, part]) if len(array) <= FEW else ByteScreen(array[:, part])
                kept = weakref.ref(array, lambda _: self._kept.pop(key, None)), screen
                self._kept[key] = kept
            return kept[1]
