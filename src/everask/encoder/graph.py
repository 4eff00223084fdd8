"""Writes the ONNX graph of the 12 layers, int8 weights, from embeddings to one normalised vector.

One text at a time, without padding or mask: a text's vector never depends on its neighbours (activations
are quantised by the text), and two threads on two texts are faster than two threads on one batch.
Embeddings come from outside, so the table stays mapped.

The marks `<s>` and `</s>` carry values ten to thirty times everyone else's, in one channel of a layer's
feed-forward and two of its input. Left in, they stretch the int8 scale of all (cosine to float32 0.9971,
nDCG across languages -0.011); these channels are computed in float32 beside the rest (0.9995).

Shapes: S tokens, H hidden, F feed-forward, K channels apart, N outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from everask.encoder.q4_file import Sizes

_MICROSOFT = "com.microsoft"

# Of multilingual-e5-small, by layer, as measured on XQuAD in 12 languages.
_APART_INNER = {0: [318], 1: [1462], 2: [354], 4: [778], 5: [658], 6: [1152], 7: [413]}
_APART_INPUT = [[15, 321]] * 5 + [[15, 35]] * 7

# Far enough below zero that GELU gives exactly 0.
_OFF = np.float32(-30)


class Tensors(Protocol):
    """What a graph needs of a file of weights."""

    @property
    def sizes(self) -> Sizes: ...

    def floats(self, name: str, /) -> NDArray[np.float32]: ...

    def matrix(self, name: str, num_rows: int, /) -> NDArray[np.float32]: ...


class Graph:
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


def make_graph(file: Tensors, *, quantised: bool = True) -> onnx.ModelProto:
    """embeddings (1, S, H) to vector (1, H), L2-normalised, and states (1, S, H), the last hidden ones.

    Without `quantised` the weights are float32: the reference that the int8 graph is measured against.
    """
    hidden, graph = file.sizes.hidden, Graph()
    x_1sh = add_layers(graph, file, quantised)
    add_pooled(graph, x_1sh, "vector")
    graph.node("Identity", [x_1sh], ["states"])
    return close_graph(
        graph,
        {"embeddings": [1, "tokens", hidden]},
        {"vector": [1, hidden], "states": [1, "tokens", hidden]},
    )


def add_pooled(graph: Graph, x_1sh: str, name: str) -> None:
    """The output `name` (1, H): the mean over tokens, of length 1."""
    axis = graph.constant("axis_1", np.array([1]))
    mean = graph.node("ReduceMean", [x_1sh, axis], attributes={"keepdims": 0})
    graph.node("LpNormalization", [mean], [name], attributes={"axis": 1, "p": 2})


def add_layers(graph: Graph, file: Tensors, quantised: bool) -> str:
    """The layers, from the graph's input "embeddings" to the last hidden states (1, S, H), whose name it
    returns."""
    x_1sh = add_embeddings(graph, file)
    for layer in range(file.sizes.num_layers):
        x_1sh = add_layer(graph, file, layer, x_1sh, quantised)
    return x_1sh


Shapes = Mapping[str, Sequence[int | str]]


def close_graph(graph: Graph, inputs: Shapes, outputs: Shapes) -> onnx.ModelProto:
    """The model of what was added, with its inputs and outputs, all float32."""
    made = helper.make_graph(
        graph.nodes,
        "encoder",
        _floats(inputs),
        _floats(outputs),
        list(graph.constants.values()),
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(_MICROSOFT, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=9, producer_name="everask")


def _floats(shapes: Shapes) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in shapes.items()
    ]


def add_embeddings(graph: Graph, file: Tensors) -> str:
    """Add position and type, normalise."""
    hidden = file.sizes.hidden
    positions = file.floats("emb.pos").reshape(-1, hidden) + file.floats("emb.type")[:hidden]
    length = graph.node("Shape", ["embeddings"], attributes={"start": 1, "end": 2})
    zero = graph.constant("zero", np.array([0]))
    first = graph.node("Slice", [graph.constant("positions", positions), zero, length, zero])
    x_1sh = graph.node("Add", ["embeddings", first])
    return _normalise(graph, file, "emb.ln", x_1sh)


def add_layer(graph: Graph, file: Tensors, layer: int, x_1sh: str, quantised: bool) -> str:
    """One layer, from hidden states to hidden states."""
    sizes, name = file.sizes, f"l{layer}"
    query_key_value = _read_weights(file, [f"{name}.{part}" for part in "qkv"])
    parts = [f"{name}.{part}_1sh" for part in "qkv"]
    thirds = graph.constant("thirds", np.array([sizes.hidden] * 3))
    projected = _linear(graph, f"{name}.qkv", x_1sh, query_key_value, quantised)
    graph.node("Split", [projected, thirds], parts, attributes={"axis": -1})
    heads = {"num_heads": sizes.num_heads}
    mixed = graph.node("MultiHeadAttention", parts, domain=_MICROSOFT, attributes=heads)
    mixed = _linear(graph, f"{name}.ao", mixed, _read_weights(file, [f"{name}.ao"]), quantised)
    x_1sh = _normalise(graph, file, f"{name}.aln", graph.node("Add", [x_1sh, mixed]))
    outer = (_feed_forward_int8 if quantised else _feed_forward)(graph, file, layer, x_1sh)
    return _normalise(graph, file, f"{name}.oln", graph.node("Add", [x_1sh, outer]))


def _feed_forward(graph: Graph, file: Tensors, layer: int, x_1sh: str) -> str:
    name = f"l{layer}"
    inner = _linear(graph, f"{name}.fi", x_1sh, _read_weights(file, [f"{name}.fi"]), False)
    inner = graph.node("Gelu", [inner], domain=_MICROSOFT)
    return _linear(graph, f"{name}.fo", inner, _read_weights(file, [f"{name}.fo"]), False)


def _feed_forward_int8(graph: Graph, file: Tensors, layer: int, x_1sh: str) -> str:
    """The feed-forward in int8, with the channels of the marks apart, in float32."""
    name, inner_k, input_k = f"l{layer}", _APART_INNER.get(layer, []), _APART_INPUT[layer]
    (weights_fh, bias_f), (weights_hf, bias_h) = (
        _read_weights(file, [f"{name}.fi"]),
        _read_weights(file, [f"{name}.fo"]),
    )
    rest_fh, rest_f, rest_hf = weights_fh.copy(), bias_f.copy(), weights_hf.copy()
    rest_fh[:, input_k] = 0
    rest_fh[inner_k], rest_f[inner_k], rest_hf[:, inner_k] = 0, _OFF, 0

    kept = np.ones(weights_fh.shape[1], np.float32)
    kept[input_k] = 0
    masked_1sh = graph.node("Mul", [x_1sh, graph.constant(f"kept.{input_k}", kept)])
    apart = graph.constant(f"apart.{input_k}", np.array(input_k))
    apart_1sk = graph.node("Gather", [x_1sh, apart], attributes={"axis": 2})
    # The input's channels apart must not wake the inner channel that is off here.
    columns_kf = weights_fh[:, input_k].T.copy()
    columns_kf[:, inner_k] = 0
    beside = graph.node("MatMul", [apart_1sk, graph.constant(f"{name}.fi.apart", columns_kf)])
    inner = _linear(graph, f"{name}.fi", masked_1sh, (rest_fh, None), True)
    inner = graph.node("Add", [inner, beside])
    inner = graph.node("BiasGelu", [inner, graph.constant(f"{name}.fi.b", rest_f)], domain=_MICROSOFT)
    outer = _linear(graph, f"{name}.fo", inner, (rest_hf, bias_h), True)
    if not inner_k:
        return outer
    alone = _linear(graph, f"{name}.fi.alone", x_1sh, (weights_fh[inner_k], bias_f[inner_k]), False)
    alone = graph.node("Gelu", [alone], domain=_MICROSOFT)
    alone = _linear(graph, f"{name}.fo.alone", alone, (weights_hf[:, inner_k], None), False)
    return graph.node("Add", [outer, alone])


_Weights = tuple[NDArray[np.float32], NDArray[np.float32] | None]


def _read_weights(file: Tensors, names: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, K) weights and (N,) biases of `names`, one below the other."""
    biases = [file.floats(f"{name}.b") for name in names]
    weights = [file.matrix(f"{name}.w", bias.size) for name, bias in zip(names, biases, strict=True)]
    return np.concatenate(weights), np.concatenate(biases)


def _linear(graph: Graph, name: str, x_1sk: str, weights: _Weights, quantised: bool) -> str:
    """x times the transposed weights, plus the bias where there is one."""
    weights_nk, bias_n = weights
    if not quantised:
        product = graph.node("MatMul", [x_1sk, graph.constant(f"{name}.w", weights_nk.T)])
        return (
            product if bias_n is None else graph.node("Add", [product, graph.constant(f"{name}.b", bias_n)])
        )
    scales_n = np.maximum(np.abs(weights_nk).max(axis=1) / 127, 1e-12).astype(np.float32)
    inputs = [
        x_1sk,
        graph.constant(f"{name}.w", np.round(weights_nk / scales_n[:, None]).astype(np.int8).T),
        graph.constant(f"{name}.scale", scales_n),
        graph.constant(f"{name}.zero", np.zeros(scales_n.size, np.int8)),
    ]
    if bias_n is not None:
        inputs.append(graph.constant(f"{name}.b", bias_n))
    return graph.node("DynamicQuantizeMatMul", inputs, domain=_MICROSOFT)


def _normalise(graph: Graph, file: Tensors, name: str, x_1sh: str) -> str:
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
