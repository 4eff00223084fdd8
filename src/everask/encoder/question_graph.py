"""Writes the ONNX graph of the question form: a (question, text) pair in, one logit and three a token out.

The layers are the encoder's with an adapter merged in, int8 in the same way; the heads are float32.
Shapes: S tokens, H hidden.
"""

from __future__ import annotations

import numpy as np
import onnx

from everask.encoder.adapter import HEAD, AdaptedFile, Adapter
from everask.encoder.graph import Graph, add_layers, close_graph
from everask.encoder.q4_file import Q4File

HEADS = ("dense.w", "dense.b", "answers.w", "answers.b", "agreement", "tokens.w", "tokens.b")


def make_question_graph(file: Q4File, adapter: Adapter, *, quantised: bool = True) -> onnx.ModelProto:
    """ "embeddings" (1, S, H) and "parts" (1, 2, S), which average the question's tokens and the text's, to
    "answers" (1, 1), a logit, and "tokens" (1, S, 3): begins here, ends here, is in a sentence that holds it.
    What the logit is made of can be had, too: "first" (1, 1, H), of the first token, and "agreed" (1, 1, H),
    the product of both parts' means.
    """
    hidden, graph = file.sizes.hidden, Graph()
    heads = {name: adapter.tensors[f"{HEAD}{name}"] for name in HEADS}
    x_1sh = add_layers(graph, AdaptedFile(file, adapter), quantised)

    tokens = graph.node("MatMul", [x_1sh, graph.constant("head.tokens.w", heads["tokens.w"].T)])
    graph.node("Add", [tokens, graph.constant("head.tokens.b", heads["tokens.b"])], ["tokens"])

    zero, one = graph.constant("index_0", np.array(0)), graph.constant("index_1", np.array(1))
    first_1h = graph.node("Gather", [x_1sh, zero], attributes={"axis": 1})
    dense = graph.node("MatMul", [first_1h, graph.constant("head.dense.w", heads["dense.w"].T)])
    dense = graph.node("Add", [dense, graph.constant("head.dense.b", heads["dense.b"])])
    pooled = graph.node("Tanh", [dense], ["first"])
    said = graph.node("MatMul", [pooled, graph.constant("head.answers.w", heads["answers.w"][0])])
    said = graph.node("Add", [said, graph.constant("head.answers.b", heads["answers.b"])])

    means_12h = graph.node("MatMul", ["parts", x_1sh])
    means_12h = graph.node("LpNormalization", [means_12h], attributes={"axis": 2, "p": 2})
    asked = graph.node("Gather", [means_12h, zero], attributes={"axis": 1})
    told = graph.node("Gather", [means_12h, one], attributes={"axis": 1})
    both = graph.node("Mul", [asked, told], ["agreed"])
    agreed = graph.node("MatMul", [both, graph.constant("head.agreement", heads["agreement"])])
    graph.node("Add", [said, agreed], ["answers"])
    return close_graph(
        graph,
        {"embeddings": [1, "tokens", hidden], "parts": [1, 2, "tokens"]},
        {"answers": [1, 1], "tokens": [1, "tokens", 3], "first": [1, 1, hidden], "agreed": [1, 1, hidden]},
    )
