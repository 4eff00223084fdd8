"""One system, one run of bench/indexing.py, in a process of its own: prints one JSON line.

python bench/indexing_run.py SYSTEM FOLDER MODEL OUT

FOLDER holds one .txt file a passage, for "stages" one a page, with many. The clock runs from the texts to
the moment when they can be found both by words and by vectors and lie on disk; models are loaded before it
starts. Peers get their texts as strings, read beforehand; Everask reads the files itself, in its sandbox.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

BATCH = 32
QUERY = "How do I change the page style of a document?"


def run_everask(folder: Path, model: str, out: Path) -> tuple[float, int, str]:
    """Add the folder, wait for the vectors."""
    import everask

    with everask.open(out) as engine:
        encoder = engine.encoder
        assert encoder is not None
        encoder.encode_passages(["warm"])
        start = time.perf_counter()
        engine.add([folder])
        engine.wait_for_vectors()
        seconds = time.perf_counter() - start
        counts = engine.store.counts()
        hits = engine.search(QUERY, top=1)
        assert {"lexical", "dense"} & set(hits[0].channels)
        return seconds, counts.passages, hits[0].passage.text


def run_stages(folder: Path, out: Path) -> dict[str, float]:
    """Passages a second until they are found by words, and from there until they have rough vectors."""
    import everask
    from everask.pipeline.encoding import encode_rough

    with everask.open(out) as engine:
        encoder = engine.encoder
        assert encoder is not None and encoder.rough is not None
        encoder.rough.encode_passages(["warm"])
        start = time.perf_counter()
        engine.add([folder])
        added = time.perf_counter()
        num_rough = encode_rough(engine.store, encoder, out, None)
        ended = time.perf_counter()
        counts = engine.store.counts()
        assert num_rough == counts.passages
        rates = {"words": counts.passages / (added - start), "rough": num_rough / (ended - added)}
        return {"files": counts.documents, "passages": counts.passages, **rates}


def run_txtai(folder: Path, model: str, out: Path) -> tuple[float, int, str]:
    """Hybrid index (BM25 and faiss) with content, as txtai's documentation sets up E5."""
    from txtai import Embeddings

    texts = read_texts(folder)
    embeddings: Any = Embeddings(
        path=model,
        method="sentence-transformers",
        hybrid=True,
        content=True,
        instructions={"query": "query: ", "data": "passage: "},
    )
    embeddings.batchtransform(["warm"], "data")
    start = time.perf_counter()
    embeddings.index(texts)
    embeddings.save(str(out))
    seconds = time.perf_counter() - start
    return seconds, embeddings.count(), embeddings.search(QUERY, 1)[0]["text"]


def run_llamaindex(folder: Path, model: str, out: Path) -> tuple[float, int, str]:
    """A vector index and a BM25 retriever over the same nodes, both persisted."""
    from llama_index.core import Document, VectorStoreIndex
    from llama_index.core.node_parser import SentenceSplitter
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.retrievers.bm25 import BM25Retriever

    texts = read_texts(folder)
    embedding: Any = HuggingFaceEmbedding(
        model_name=model, query_instruction="query: ", text_instruction="passage: "
    )
    embedding.get_text_embedding("warm")
    start = time.perf_counter()
    nodes = SentenceSplitter().get_nodes_from_documents([Document(text=text) for text in texts])
    index: Any = VectorStoreIndex(nodes, embed_model=embedding)
    words: Any = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=1)
    index.storage_context.persist(str(out))
    words.persist(str(out / "bm25"))
    seconds = time.perf_counter() - start
    return seconds, len(nodes), index.as_retriever(similarity_top_k=1).retrieve(QUERY)[0].get_content()


def run_torch(folder: Path, model: str, out: Path) -> tuple[float, int, str]:
    """Vectors alone, by a plain loop: bfloat16, batches of texts of nearly one length."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    texts = ["passage: " + text for text in read_texts(folder)]
    tokenizer: Any = AutoTokenizer.from_pretrained(model)
    network: Any = AutoModel.from_pretrained(model, dtype=torch.bfloat16).eval()

    @torch.inference_mode()
    def encode(batch: list[str]) -> Any:
        given = tokenizer(batch, padding=True, truncation=True, max_length=512, return_tensors="pt")
        states = network(**given).last_hidden_state.float() * given["attention_mask"][..., None]
        return torch.nn.functional.normalize(states.sum(dim=1), dim=-1)

    encode(texts[:2])
    start = time.perf_counter()
    order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
    for at in range(0, len(order), BATCH):
        encode([texts[number] for number in order[at : at + BATCH]])
    out.mkdir(parents=True, exist_ok=True)
    return time.perf_counter() - start, len(texts), texts[0]


SYSTEMS = {"everask": run_everask, "torch": run_torch, "txtai": run_txtai, "llamaindex": run_llamaindex}


def read_texts(folder: Path) -> list[str]:
    """The passages, in the order of their files."""
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]


def main() -> None:
    system, folder, model, out = sys.argv[1:]
    if system == "stages":
        print(json.dumps(run_stages(Path(folder), Path(out))))
        return
    seconds, passages, first = SYSTEMS[system](Path(folder), model, Path(out))
    print(json.dumps({"seconds": seconds, "passages": passages, "first": first}))


if __name__ == "__main__":
    main()
