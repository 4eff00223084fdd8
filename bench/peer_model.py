"""Writes multilingual-e5-small as a folder that sentence-transformers opens: the peers' encoder.

The weights are the very ones that Everask's encoder is made of, dequantised to float32; the tokenizer is
the same pieces in the tokenizers library. Written by hand, so that neither torch nor safetensors is needed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tokenizers
from numpy.typing import NDArray

from everask.encoder.q4_file import Q4File, read_q4_file

_ATTENTION = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value"}
_LAYER = {
    **_ATTENTION,
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
# What SentencePiece's nmt_nfkc does beyond NFKC.
_SPACES = "[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]"
_NOTHING = "[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]"


def write_peer_model(q4_path: Path, folder: Path) -> None:
    """Write the folder, unless it is there."""
    if (folder / "modules.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    file = read_q4_file(q4_path)
    write_safetensors(dict(name_tensors(file)), folder / "model.safetensors")
    write_tokenizer(file, folder)
    write_config(file, folder)


def name_tensors(file: Q4File) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Every tensor under the name that transformers' BertModel gives it."""
    sizes = file.sizes
    for name in file.tensors:
        flat = file.floats(name) if file.tensors[name][0] == 0 else file.matrix(name, 1).reshape(-1)
        if name in _EMBEDDINGS:
            yield _EMBEDDINGS[name], flat if ".ln." in name else flat.reshape(-1, sizes.hidden)
            continue
        layer, part, kind = name.split(".")
        rows = sizes.feed_forward if part == "fi" else sizes.hidden
        weight = kind == "w" and "ln" not in part
        tail = "weight" if kind == "w" else "bias"
        yield f"encoder.layer.{layer[1:]}.{_LAYER[part]}.{tail}", flat.reshape(rows, -1) if weight else flat


def write_safetensors(tensors: dict[str, NDArray[np.float32]], path: Path) -> None:
    """The format is a length, a JSON head, and the bytes."""
    head: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in tensors.items():
        head[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    encoded = json.dumps(head).encode()
    encoded += b" " * (-len(encoded) % 8)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(encoded)) + encoded)
        for tensor in tensors.values():
            stream.write(np.ascontiguousarray(tensor, "<f4").tobytes())


def write_tokenizer(file: Q4File, folder: Path) -> None:
    """XLM-R's tokenizer, in the tokenizers library."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(list(file.pieces), 3, False))
    change = tokenizers.normalizers
    tokenizer.normalizer = change.Sequence(
        [
            change.Replace(tokenizers.Regex(_SPACES), " "),
            change.Replace(tokenizers.Regex(_NOTHING), ""),
            change.NFKC(),
            change.Strip(False, True),
            change.Replace(tokenizers.Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.decoder = tokenizers.decoders.Metaspace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.add_special_tokens(marks)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = ("bos", "pad", "eos", "unk", "mask")
    tokens = {f"{name}_token": mark for name, mark in zip(names, marks, strict=True)}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, **tokens}
    config |= {"cls_token": "<s>", "sep_token": "</s>"}
    _write_json(folder / "tokenizer_config.json", config)


def write_config(file: Q4File, folder: Path) -> None:
    """The model's and sentence-transformers' JSON files."""
    sizes = file.sizes
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": sizes.hidden,
        "num_hidden_layers": sizes.num_layers,
        "num_attention_heads": sizes.num_heads,
        "intermediate_size": sizes.feed_forward,
        "vocab_size": sizes.vocabulary,
        "max_position_embeddings": sizes.positions,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 1,
        "torch_dtype": "float32",
    }
    _write_json(folder / "config.json", config)
    _write_json(folder / "sentence_bert_config.json", {"max_seq_length": 512, "do_lower_case": False})
    pooling = {"word_embedding_dimension": sizes.hidden, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write_json(folder / "1_Pooling" / "config.json", pooling)
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(kinds)
    ]
    _write_json(folder / "modules.json", modules)


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
