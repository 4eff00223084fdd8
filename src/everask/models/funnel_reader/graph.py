"""Writes the ONNX graph of the funnel, int8: twelve layers in three blocks, each over half the positions.

The mark `<s>` is never pooled (it carries values that nothing else has, see encoder/graph.py); the others
are averaged two by two between blocks, so a row has 1 + 4k tokens, filled up with end marks. The vector is
the mean over what the positions stand for. Paper: Funnel-Transformer, Dai et al., NeurIPS 2020.

Shapes: S tokens, P = 1 + (S - 1) / 4 positions at the end, H hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx

from everask.encoder.graph import Graph, Tensors, add_embeddings, add_layer, close_graph

BLOCKS = (4, 4, 4)
FACTOR = 2 ** (len(BLOCKS) - 1)
_END = 2


def fill(ids: Sequence[int]) -> list[int]:
    """A row's ids with as many more end marks as a length of 1 + 4k takes."""
    return [*ids, *[_END] * ((1 - len(ids)) % FACTOR)]


def make_funnel_graph(file: Tensors, *, quantised: bool = True) -> onnx.ModelProto:
    """embeddings (1, S, H) to vector (1, H), L2-normalised, and states (1, P, H). S is 1 + 4k, see `fill`."""
    hidden, graph = file.sizes.hidden, Graph()
    x_1sh = add_embeddings(graph, file)
    layer = 0
    for number, num_layers in enumerate(BLOCKS):
        if number:
            x_1sh = _halve(graph, x_1sh, hidden)
        for _ in range(num_layers):
            x_1sh = add_layer(graph, file, layer, x_1sh, quantised)
            layer += 1
    graph.node("Identity", [x_1sh], ["states"])
    first, rest = _split(graph, x_1sh)
    axis, factor = graph.constant("axis_1", np.array([1])), np.array([FACTOR], np.float32)
    summed = graph.node("ReduceSum", [rest, axis], attributes={"keepdims": 0})
    summed = graph.node("Mul", [summed, graph.constant("factor", factor)])
    alone = graph.node("Squeeze", [first, axis])
    # The length cancels in the unit vector.
    total = graph.node("Add", [summed, alone])
    graph.node("LpNormalization", [total], ["vector"], attributes={"axis": 1, "p": 2})
    return close_graph(
        graph,
        {"embeddings": [1, "tokens", hidden]},
        {"vector": [1, hidden], "states": [1, "positions", hidden]},
    )


def _split(graph: Graph, x_1sh: str) -> tuple[str, str]:
    """The first position, and the rest."""
    axis = graph.constant("axis_1", np.array([1]))
    zero, one = graph.constant("at_0", np.array([0])), graph.constant("at_1", np.array([1]))
    last = graph.constant("at_end", np.array([np.iinfo(np.int64).max]))
    return graph.node("Slice", [x_1sh, zero, one, axis]), graph.node("Slice", [x_1sh, one, last, axis])


def _halve(graph: Graph, x_1sh: str, hidden: int) -> str:
    """Pairs of positions after the first, averaged."""
    first, rest = _split(graph, x_1sh)
    # (1, S, H) to (1, S/2, 2, H): H stays, and -1 is what is left.
    shape = graph.constant("pairs", np.array([0, -1, 2, hidden]))
    paired = graph.node("Reshape", [rest, shape])
    axis = graph.constant("axis_2", np.array([2]))
    halved = graph.node("ReduceMean", [paired, axis], attributes={"keepdims": 0})
    return graph.node("Concat", [first, halved], attributes={"axis": 1})
