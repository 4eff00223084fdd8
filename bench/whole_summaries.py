"""Extractive summaries of L-Eval's papers and meetings against the people's own, by ROUGE."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rouge import rouge

from everask.answer.whole.sentences import sentences_of
from everask.answer.whole.summary import Method, choose_salient
from everask.documents.draft import Draft, Limits
from everask.ingest.split import split
from everask.types import Document, DocumentInfo

METHODS: tuple[Method, ...] = ("lead", "centroid", "lexrank", "salient")
NUM_LINES = 6


def summary_table(shared: Path, most: int) -> str:
    """ROUGE of each way to choose six sentences, without a language model."""
    sets = {"papers (abstract)": "paper_assistant.jsonl", "meetings (whole)": "meeting_summ.jsonl"}
    folder = shared / "p02_leval_longdoc"
    lines = [
        "| six sentences of a document | set | documents | ROUGE-1 | ROUGE-2 | ROUGE-L |",
        "|---|---|---|---|---|---|",
    ]
    for name, file in sets.items():
        pairs = list(read_pairs(folder / file, most)) if (folder / file).exists() else []
        for method in METHODS if pairs else ():
            scores = [rouge(summarise(text, method), gold) for text, gold in pairs]
            means = [sum(score[at] for score in scores) / len(scores) for at in range(3)]
            lines.append(
                f"| {method} | {name} | {len(pairs)} | " + " | ".join(f"{one:.3f}" for one in means) + " |"
            )
    return "\n".join(lines)


def read_pairs(path: Path, most: int) -> Iterator[tuple[str, str]]:
    """Documents with a summary of the whole."""
    found = 0
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        for asked, gold in zip(record["instructions"], record["outputs"], strict=True):
            whole = asked.lower().strip(" .") in (
                "summarize the whole meeting",
                "summarize the meeting",
                "please generate the abstract section for this paper",
            )
            if whole and found < most:
                found += 1
                yield record["input"], gold


def summarise(text: str, method: Method) -> str:
    """The sentences that a method chooses, one after another."""
    draft = Draft(Limits(), "text/plain")
    for block in text.split("\n"):
        draft.add("text", block)
    document = Document("a", "a", "a", "", "text/plain", "", "en", 0.0, 0, draft.text, tuple(draft.blocks))
    info = DocumentInfo("a", "a", "a", "", "text/plain", "en", 0.0, 0, 0)
    sentences = list(sentences_of(info, split(document)))
    return " ".join(one.text for one in choose_salient(sentences, NUM_LINES, method=method))
