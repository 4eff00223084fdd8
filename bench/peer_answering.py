"""Other systems' answers over the same files with the same language model, in the peers' environments.

python bench/peer_answering.py SYSTEM JOBS. JOBS (JSON) is a list, a job a pile: the files by name, the
questions by key, the address of the model's API, the folder of the encoder, one to write to, and `out`, the
file that gets, by key: the reply, which file each mark in it stands for, the files that are named for the
whole of it, and seconds. Each is set up as its documentation does for local models, with its own prompt.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Job = dict[str, Any]
Reply = tuple[str, dict[str, str], list[str]]


def answer_by_txtai(job: Job) -> Callable[[str], Reply]:
    """A hybrid index with content, and its RAG pipeline with a reference."""
    from txtai import LLM, RAG, Embeddings

    instructions = {"query": "query: ", "data": "passage: "}
    embeddings: Any = Embeddings(path=job["encoder"], content=True, hybrid=True, instructions=instructions)
    embeddings.index(list(job["files"].items()))
    model: Any = LLM("openai/local", method="litellm", api_base=job["url"], api_key="none")
    template = (
        "Answer the following question using only the context below. Only include information"
        " specifically discussed.\n\nquestion: {question}\ncontext: {context}\n"
    )
    system = "You are a friendly assistant. You answer questions from users."
    rag: Any = RAG(embeddings, model, output="reference", template=template, system=system, context=3)

    def ask(question: str) -> Reply:
        found = rag(question, maxlength=2048)
        reference = found.get("reference")
        return str(found["answer"]), {}, [str(reference)] if reference is not None else []

    return ask


def answer_by_llamaindex(job: Job) -> Callable[[str], Reply]:
    """A vector index and its citation query engine."""
    from llama_index.core import Document, Settings, VectorStoreIndex
    from llama_index.core.query_engine import CitationQueryEngine
    from llama_index.embeddings.huggingface import HuggingFaceEmbedding
    from llama_index.llms.openai_like import OpenAILike

    prefixes = {"query_instruction": "query: ", "text_instruction": "passage: "}
    Settings.embed_model = HuggingFaceEmbedding(model_name=job["encoder"], **prefixes)
    Settings.llm = OpenAILike(
        model="local", api_base=job["url"], api_key="none", is_chat_model=True, context_window=4096
    )
    documents = [Document(text=text, id_=name) for name, text in job["files"].items()]
    index: Any = VectorStoreIndex.from_documents(documents)
    engine: Any = CitationQueryEngine.from_args(index, similarity_top_k=3, citation_chunk_size=512)

    def ask(question: str) -> Reply:
        found = engine.query(question)
        sources = [str(one.node.ref_doc_id) for one in found.source_nodes]
        marks = {f"{word}{at}": source for at, source in enumerate(sources, 1) for word in ("", "Source ")}
        return str(found), marks, []

    return ask


def answer_by_paperqa(job: Job) -> Callable[[str], Reply]:
    """Its Docs, with the local model for everything and sentence-transformers for vectors."""
    from paperqa import Docs, Settings
    from paperqa.settings import AnswerSettings, ParsingSettings

    model = {"model": "openai/local", "api_base": job["url"], "api_key": "none", "timeout": 600}
    config = {"model_list": [{"model_name": "openai/local", "litellm_params": model}]}
    settings: Any = Settings(
        llm="openai/local",
        llm_config=config,
        summary_llm="openai/local",
        summary_llm_config=config,
        embedding="st-" + job["encoder"],
        answer=AnswerSettings(evidence_k=3, answer_max_sources=3, max_concurrent_requests=1),
        parsing=ParsingSettings(use_doc_details=False, multimodal=False),
    )
    folder = Path(job["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    names = {}
    docs: Any = Docs()
    encoder = settings.get_embedding_model()  # or it is loaded anew for every file

    async def fill() -> None:
        for name, text in job["files"].items():
            path = folder / f"{name}.txt"
            path.write_text(text, "utf-8")
            about = {"citation": f"File {name}", "docname": f"file{name}"}
            key = await docs.aadd(path, **about, settings=settings, embedding_model=encoder)
            names[key or f"file{name}"] = name

    loop = asyncio.new_event_loop()
    loop.run_until_complete(fill())

    def ask(question: str) -> Reply:
        session = loop.run_until_complete(docs.aquery(question, settings=settings, embedding_model=encoder))
        marks: dict[str, str] = {}
        for one in session.contexts:
            name = names.get(one.text.doc.docname, one.text.doc.docname)
            marks |= {one.id: name, one.text.name: name, one.text.doc.docname: name}
        return str(session.answer), marks, []

    return ask


SYSTEMS = {"txtai": answer_by_txtai, "llamaindex": answer_by_llamaindex, "paperqa": answer_by_paperqa}


def replies(system: str, job: Job) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every question's reply; where a system fails, which is a result, too, it is empty, with the error."""
    ask = SYSTEMS[system](job)
    for key, question in job["questions"].items():
        started = time.monotonic()
        error = ""
        try:
            text, marks, whole = ask(question)
        except Exception as problem:  # noqa: BLE001
            text, marks, whole, error = "", {}, [], f"{type(problem).__name__}: {problem}"[:300]
        seconds = time.monotonic() - started
        print(system, key, f"{seconds:.1f} s", (text or error)[:80].replace("\n", " "), flush=True)
        made = {"text": text, "marks": marks, "whole": whole, "seconds": seconds, "error": error}
        yield key, made


def main() -> None:
    """Answer one job after the other."""
    system, jobs = sys.argv[1:]
    os.environ.update(HF_HUB_OFFLINE="1", OPENAI_API_KEY="none", TOKENIZERS_PARALLELISM="true")
    for job in json.loads(Path(jobs).read_text("utf-8")):
        made = dict(replies(system, job))
        Path(job["out"]).write_text(json.dumps(made, ensure_ascii=False), "utf-8")
    os._exit(0)  # threads that a peer leaves behind crash an orderly end


if __name__ == "__main__":
    main()
