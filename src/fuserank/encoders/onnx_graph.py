"""An ONNX model written down operator by operator, for a network that comes as bare numbers and not as a torch module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

OPSET, IR_VERSION = 18, 10


class Graph:
    """Operators are added in order; every method returns the name of its result, to be given to the next."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, dtype: type[np.generic], shape: Sequence[int | str]) -> str:
        """An input; a side of the shape that may differ from call to call has a name."""
        self._inputs.append(_described(name, dtype, shape))
        return name

    def constant(self, array: np.ndarray) -> str:
        """A constant."""
        from onnx import numpy_helper

        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """An operator of ONNX with one result."""
        from onnx import helper

        name = f"{kind}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def linear(self, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
        """x (…, i) times weight (i, o), plus bias (o,): (…, o)."""
        product = self.op("MatMul", x, self.constant(weight))
        return product if bias is None else self.op("Add", product, self.constant(bias))

    def normalised(self, x: str, gain: np.ndarray, bias: np.ndarray, epsilon: float) -> str:
        """Layer normalisation over the last axis."""
        return self.op("LayerNormalization", x, self.constant(gain), self.constant(bias), epsilon=epsilon)

    def output(self, name: str, x: str, shape: Sequence[int | str]) -> None:
        """Give out x, float32, under a name."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [x], [name]))
        self._outputs.append(_described(name, np.float32, shape))

    def model(self) -> bytes:
        """The checked model, as a file would hold it."""
        from onnx import checker, helper

        graph = helper.make_graph(self._nodes, "graph", self._inputs, self._outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        checker.check_model(model)
        return bytes(model.SerializeToString())


def _described(name: str, dtype: type[np.generic], shape: Sequence[int | str]) -> Any:
    from onnx import helper

    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
