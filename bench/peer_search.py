"""Other systems' hybrid search over the same passages and vectors, in the peers' virtual environment.

python bench/peer_search.py SYSTEM, which reads folders' names from its input, one a line, and writes "done"
for each. A folder holds job.json (passages and queries as [key, text], the passages' language or "") and
vectors.npz (of passages, of queries); run.json is written there. Each system is set up as its documentation
does, with its own words' side, but is handed the vectors that its encoder would compute.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

DEPTH = 100
STEMMERS = {
    "ar": "arabic", "de": "german", "el": "greek", "en": "english", "es": "spanish", "fr": "french",
    "hi": "hindi", "it": "italian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "tr": "turkish",
}  # fmt: skip
STOPWORDS = frozenset({"de", "en", "es", "fr", "it", "pt", "ru", "tr"})

Job = dict[str, Any]
Run = dict[str, dict[str, float]]


def known_vectors(job: Job) -> dict[str, Any]:
    """Vectors by text, with e5's prefixes, as both systems ask for them."""
    pairs = [("passage: ", "passages"), ("query: ", "queries")]
    return {
        prefix + text: vector
        for prefix, kind in pairs
        for (_, text), vector in zip(job[kind], job["vectors"][kind], strict=True)
    }


def run_txtai(job: Job) -> Run:
    """Hybrid index: its BM25 and faiss, its own weights."""
    from txtai import Embeddings

    known = known_vectors(job)

    def transform(texts: list[str]) -> Any:
        return np.stack([known[text] for text in texts])

    embeddings: Any = Embeddings(
        method="external",
        transform=transform,
        hybrid=True,
        instructions={"query": "query: ", "data": "passage: "},
    )
    embeddings.index((number, text, None) for number, (_, text) in enumerate(job["passages"]))
    found = embeddings.batchsearch([text for _, text in job["queries"]], DEPTH)
    names = [key for key, _ in job["passages"]]
    return {
        key: {names[int(number)]: float(score) for number, score in row}
        for (key, _), row in zip(job["queries"], found, strict=True)
    }


def run_llamaindex(job: Job) -> Run:
    """Reciprocal rank fusion of its vector index and its BM25 retriever, without queries that a model
    makes up; stemmer and stop words of the passages' language where it has them."""
    import Stemmer
    from llama_index.core import VectorStoreIndex
    from llama_index.core.base.embeddings.base import BaseEmbedding
    from llama_index.core.llms import MockLLM
    from llama_index.core.retrievers import QueryFusionRetriever
    from llama_index.core.schema import TextNode
    from llama_index.retrievers.bm25 import BM25Retriever

    known = known_vectors(job)

    def embed_query(self: Any, query: str) -> list[float]:
        return list(known["query: " + query].tolist())

    async def embed_query_later(self: Any, query: str) -> list[float]:
        return embed_query(self, query)

    def embed_text(self: Any, text: str) -> list[float]:
        return list(known["passage: " + text].tolist())

    ways = {
        "_get_query_embedding": embed_query,
        "_aget_query_embedding": embed_query_later,
        "_get_text_embedding": embed_text,
        "__module__": __name__,
    }
    embedding: Any = type("Known", (BaseEmbedding,), ways)
    nodes: Any = [TextNode(text=text, id_=key) for key, text in job["passages"]]
    top = min(DEPTH, len(nodes))
    index: Any = VectorStoreIndex(nodes, embed_model=embedding())
    language = job["language"]
    words: Any = BM25Retriever.from_defaults(
        nodes=nodes,
        similarity_top_k=top,
        stemmer=Stemmer.Stemmer(STEMMERS.get(language, "english")),
        language=language if language in STOPWORDS else "en",
    )
    fusion: Any = QueryFusionRetriever  # its mode is an enum to a checker, and a word in its documentation
    fused = fusion(
        [index.as_retriever(similarity_top_k=top), words],
        llm=MockLLM(),
        mode="reciprocal_rerank",
        similarity_top_k=top,
        num_queries=1,
        use_async=False,
    )
    return {
        key: {one.node.node_id: float(one.score or 0.0) for one in fused.retrieve(text)}
        for key, text in job["queries"]
    }


SYSTEMS = {"txtai": run_txtai, "llamaindex": run_llamaindex}


def main() -> None:
    run = SYSTEMS[sys.argv[1]]
    for line in sys.stdin:
        folder = Path(line.strip())
        job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        with np.load(folder / "vectors.npz") as table:
            job["vectors"] = {name: table[name] for name in table.files}
        (folder / "run.json").write_text(json.dumps(run(job)), encoding="utf-8")
        print("done", flush=True)


if __name__ == "__main__":
    main()
