"""Writes the ONNX graph of the 12 layers, int8 weights, from embeddings to one normalised vector.

One text at a time, without padding or mask: a text's vector never depends on its neighbours (activations
are quantised by the text), and two threads on two texts are faster than two threads on one batch.
Embeddings come from outside, so the table stays mapped. Shapes: B texts (1), S tokens, H hidden,
F feed-forward.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from everask.encoder.q4_file import Q4File

_MICROSOFT = "com.microsoft"


class _Graph:
    """Nodes and constants, as they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(
        self,
        kind: str,
        inputs: Sequence[str],
        outputs: Sequence[str] | None = None,
        *,
        domain: str = "",
        attributes: dict[str, int] | None = None,
    ) -> str:
        names = list(outputs or [f"{kind}_{len(self.nodes)}"])
        made = helper.make_node(kind, list(inputs), names, domain=domain)
        made.attribute.extend(
            helper.make_attribute(name, value) for name, value in (attributes or {}).items()
        )
        self.nodes.append(made)
        return names[0]


def make_graph(file: Q4File, *, quantised: bool = True) -> onnx.ModelProto:
    """embeddings (1, S, H) float32 to vector (1, H) float32, L2-normalised.

    Without `quantised` the weights are float32: the reference that the int8 graph is measured against.
    """
    sizes, graph = file.sizes, _Graph()
    x_1sh = _embed(graph, file)
    for layer in range(sizes.num_layers):
        x_1sh = _layer(graph, file, f"l{layer}", x_1sh, quantised)
    mean = graph.node(
        "ReduceMean", [x_1sh, graph.constant("axis_1", np.array([1]))], attributes={"keepdims": 0}
    )
    graph.node("LpNormalization", [mean], ["vector"], attributes={"axis": 1, "p": 2})
    made = helper.make_graph(
        graph.nodes,
        "encoder",
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, [1, "tokens", sizes.hidden])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, sizes.hidden])],
        list(graph.constants.values()),
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9, producer_name="everask")


def _embed(graph: _Graph, file: Q4File) -> str:
    """Add position and type, normalise."""
    hidden = file.sizes.hidden
    positions = file.floats("emb.pos").reshape(-1, hidden) + file.floats("emb.type")[:hidden]
    length = graph.node("Shape", ["embeddings"], attributes={"start": 1, "end": 2})
    zero = graph.constant("zero", np.array([0]))
    first = graph.node("Slice", [graph.constant("positions", positions), zero, length, zero])
    x_1sh = graph.node("Add", ["embeddings", first])
    return _normalise(graph, file, "emb.ln", x_1sh)


def _layer(graph: _Graph, file: Q4File, name: str, x_1sh: str, quantised: bool) -> str:
    sizes = file.sizes
    projected = _linear(graph, file, [f"{name}.{part}" for part in "qkv"], x_1sh, quantised)
    parts = [f"{name}.{part}_1sh" for part in "qkv"]
    thirds = graph.constant("thirds", np.array([sizes.hidden] * 3))
    graph.node("Split", [projected, thirds], parts, attributes={"axis": -1})
    heads = {"num_heads": sizes.num_heads}
    mixed = graph.node("MultiHeadAttention", parts, domain=_MICROSOFT, attributes=heads)
    mixed = _linear(graph, file, [f"{name}.ao"], mixed, quantised)
    x_1sh = _normalise(graph, file, f"{name}.aln", graph.node("Add", [x_1sh, mixed]))
    inner = graph.node(
        "BiasGelu",
        [
            _linear(graph, file, [f"{name}.fi"], x_1sh, quantised, biased=False),
            graph.constant(f"{name}.fi.b", file.floats(f"{name}.fi.b")),
        ],
        domain=_MICROSOFT,
    )
    outer = _linear(graph, file, [f"{name}.fo"], inner, quantised)
    return _normalise(graph, file, f"{name}.oln", graph.node("Add", [x_1sh, outer]))


def _linear(
    graph: _Graph, file: Q4File, names: Sequence[str], x_1sk: str, quantised: bool, *, biased: bool = True
) -> str:
    """x times the transposed weights of `names`, side by side, plus their biases."""
    biases = [file.floats(f"{name}.b") for name in names]
    weights_nk = np.concatenate(
        [file.matrix(f"{name}.w", bias.size) for name, bias in zip(names, biases, strict=True)]
    )
    bias_n, key = np.concatenate(biases), "".join(names)
    if not quantised:
        product = graph.node("MatMul", [x_1sk, graph.constant(f"{key}.w", weights_nk.T)])
        return graph.node("Add", [product, graph.constant(f"{key}.b", bias_n)]) if biased else product
    scales_n = (np.abs(weights_nk).max(axis=1) / 127).astype(np.float32)
    weights_kn = np.round(weights_nk / scales_n[:, None]).astype(np.int8).T
    inputs = [
        x_1sk,
        graph.constant(f"{key}.w", weights_kn),
        graph.constant(f"{key}.scale", scales_n),
        graph.constant(f"{key}.zero", np.zeros(scales_n.size, np.int8)),
    ]
    if biased:
        inputs.append(graph.constant(f"{key}.b", bias_n))
    return graph.node("DynamicQuantizeMatMul", inputs, domain=_MICROSOFT)


def _normalise(graph: _Graph, file: Q4File, name: str, x_1sh: str) -> str:
    """Layer normalisation, spelt out: onnxruntime's own operator takes three times as long on a CPU.

    The scale folds in √H, for the root of the sum of squares stands in for that of their mean; epsilon
    (1e-12) is far below what a float32 sum of this size can show.
    """
    last = graph.constant("last_axis", np.array([-1]))
    kept = {"keepdims": 1}
    centred = graph.node("Sub", [x_1sh, graph.node("ReduceMean", [x_1sh, last], attributes=kept)])
    length = graph.node("Sqrt", [graph.node("ReduceSumSquare", [centred, last], attributes=kept)])
    scale = file.floats(f"{name}.w") * np.float32(np.sqrt(file.sizes.hidden))
    unit = graph.node("Mul", [centred, graph.node("Reciprocal", [length])])
    scaled = graph.node("Mul", [unit, graph.constant(f"{name}.w", scale)])
    return graph.node("Add", [scaled, graph.constant(f"{name}.b", file.floats(f"{name}.b"))])
