"""Examples that people (or other models) judged: inference sets, edited summaries, claims, replies, tables.

Only sets whose licence allows it are trained on (card.md names each); what an article or an item is kept
for is the caller's choice.
"""

from __future__ import annotations

import csv
import difflib
import gzip
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from everask.encoder.pairs import Place
from everask.models.checker.claimed import Claimed, Label
from everask.models.checker.documents import Wanted
from everask.text import sentences, words
from everask.train.changes import change
from everask.train.statements import state

SUMMARIES = ("sales_call", "sales_email", "qmsumm", "ectsum", "podcast")
"""Domains of SummEdits; samsum is kept to measure on."""

REPLIES = ("cmu", "tc")
"""Parts of BEGIN; Wizard of Wikipedia's is kept to measure on."""

_NLI: Mapping[str, Label] = {
    "e": "supported",
    "c": "contradicted",
    "n": "unmentioned",
    "entailment": "supported",
    "contradiction": "contradicted",
    "neutral": "unmentioned",
}
# Of 5: the same said twice; and much alike, but not the same.
_SAME, _ALIKE = 4.4, (2.6, 3.2)
_WORD_GAP = 1


def lines(path: Path) -> Iterator[Any]:
    """The rows of a file of JSON lines, gzipped or not."""
    with _open(path) as stream:
        yield from (json.loads(line) for line in stream if line.strip())


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with _open(path) as stream:
        yield from csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)


def _open(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")


def indonesian(data: Path, file: str) -> list[Claimed]:
    """IndoNLI (arXiv 2110.14566)."""
    return [
        Claimed(
            row["hypothesis"], row["premise"], _NLI[row["label"]], "id", "id", "indonli", words_known=False
        )
        for row in lines(data / "p03_nli_indonli" / file)
    ]


def persian(data: Path, file: str) -> list[Claimed]:
    """FarsTail (arXiv 2009.08820)."""
    return [
        Claimed(
            row["hypothesis"], row["premise"], _NLI[row["label"]], "fa", "fa", "farstail", words_known=False
        )
        for row in _rows(data / "p03_nli_farstail" / file)
        if row.get("label") in _NLI
    ]


def japanese(data: Path, wanted: Wanted) -> list[Claimed]:
    """JNLI (JGLUE), by picture: pairs of captions."""
    return [
        Claimed(row["sentence2"], row["sentence1"], _NLI[row["label"]], "ja", "ja", "jnli", words_known=False)
        for row in lines(data / "p03_nli_jnli" / "valid.jsonl")
        if wanted(row["yjcaptions_id"].split("-")[0])
    ]


def same_or_alike(data: Path, wanted: Wanted) -> list[Claimed]:
    """JSTS (JGLUE): captions that say the same, and such as are much alike and do not."""
    found: list[Claimed] = []
    for row in lines(data / "p09_jsts" / "train.jsonl"):
        score = float(row["label"])
        same, alike = score >= _SAME, _ALIKE[0] <= score <= _ALIKE[1]
        if (same or alike) and wanted(row["yjcaptions_id"].split("-")[0].split("_")[0]):
            label: Label = "supported" if same else "unsupported"
            said, told = row["sentence2"], row["sentence1"]
            found.append(Claimed(said, told, label, "ja", "ja", "jsts", words_known=same))
    return found


def edited_summaries(data: Path, domain: str) -> list[Claimed]:
    """SummEdits (arXiv 2305.14540): a sentence of an edited summary over the summary before the edit.

    The edits keep what is said, or not; only the summaries are used, which the set's authors made.
    """
    found: list[Claimed] = []
    with gzip.open(data / "p03_summedits" / f"{domain}.json.gz", "rt", encoding="utf-8") as stream:
        rows = json.load(stream)
    for row in rows:
        before, after, same = row["original_summary"], row["summary"], str(row["label"]) == "1"
        known = {before[start:end] for start, end in sentences(before, "en")}
        fresh = [after[start:end] for start, end in sentences(after, "en")]
        fresh = [one for one in fresh if one not in known]
        if not fresh or (not same and len(fresh) > 1):
            continue
        for said in fresh:
            wrong = () if same else changed_words(before, said)
            found.append(
                Claimed(
                    said,
                    before,
                    "supported" if same else "contradicted",
                    "en",
                    "en",
                    "summedits",
                    wrong,
                    words_known=same,
                    twins=f"summedits {domain} {before[:40]} {sorted(known)[0][:20]}",
                )
            )
    return found


def changed_words(before: str, after: str) -> tuple[Place, ...]:
    """The words of `after` that a comparison with `before` does not find there."""
    old = [before[start:end] for start, end in words(before, "en")]
    places = words(after, "en")
    new = [after[start:end] for start, end in places]
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    changed = [
        (places[low][0], places[high - 1][1])
        for kind, _, _, low, high in matcher.get_opcodes()
        if kind in ("insert", "replace")
    ]
    return tuple(changed)


def claim_tokens(data: Path, file: str) -> list[Claimed]:
    """WiCE (arXiv 2303.01432): claims of Wikipedia in part supported by their sources, with marked words;
    and the supporting sentences themselves as claims, for those are supported."""
    found: list[Claimed] = []
    for row in lines(data / "p03_wice" / file):
        chosen = row["supporting_sentences"]
        if not chosen or not chosen[0]:
            continue
        told = [row["evidence"][number] for number in chosen[0]]
        text = " ".join(told)
        claim, wrong = _marked(row["claim_tokens"], row["non_supported_spans"])
        if 20 < len(text) < 1200:
            found.append(Claimed(claim, text, "unsupported", "en", "en", "wice", wrong))
            if 20 < len(told[0]) < 300:
                found.append(Claimed(told[0], text, "supported", "en", "en", "wice"))
    return found


def _marked(tokens: list[str], flags: list[bool]) -> tuple[str, tuple[Place, ...]]:
    text = ""
    wrong: list[Place] = []
    for token, flag in zip(tokens, flags, strict=True):
        text += " " * (bool(text) and token not in ".,;:!?)'’" and not token.startswith("'"))
        if flag:
            start = wrong.pop()[0] if wrong and len(text) - wrong[-1][1] <= _WORD_GAP else len(text)
            wrong.append((start, len(text) + len(token)))
        text += token
    return text, tuple(wrong)


def replies(data: Path, part: str) -> list[Claimed]:
    """BEGIN (arXiv 2105.00071): replies of models, attributable to the knowledge they were given, or not."""
    found: list[Claimed] = []
    for row in _rows(data / "p03_begin" / f"begin_dev_{part}.tsv"):
        if row["begin_label"] in ("Fully attributable", "Not fully attributable"):
            label: Label = "supported" if row["begin_label"].startswith("Fully") else "unsupported"
            said, told = row["response"], row["knowledge"]
            same = label == "supported"
            found.append(Claimed(said, told, label, "en", "en", f"begin {part}", words_known=same))
    return found


def two_hops(data: Path, wanted: Wanted, draw: random.Random) -> list[Claimed]:
    """HotpotQA: a question with its answer over both paragraphs' sentences; and over one of them alone."""
    found: list[Claimed] = []
    for row in lines(data / "p02_hotpot_distractor" / "hotpot_a.jsonl"):
        if not wanted(row["_id"]) or row["answer"] in ("yes", "no"):
            continue
        texts: dict[str, list[str]] = dict(row["context"])
        parts = [
            f"{title}\n{texts[title][number].strip()}"
            for title, number in row["supporting_facts"]
            if title in texts and number < len(texts[title])
        ]
        said, place = state(row["question"], row["answer"], "en", draw)
        right = Claimed(said, "\n".join(parts), "supported", "en", "en", "hotpot", twins=row["_id"])
        lost = draw.choice([one for one in parts if row["answer"] in one] or parts)
        rest = "\n".join(one for one in parts if one != lost)
        if rest and row["answer"] not in rest and len(right.text) < 1200:
            wrong = replace(right, text=rest, label="unmentioned", wrong=(place,), words_known=False)
            found += [right, wrong]
    return found


def tables(data: Path, wanted: Wanted, draw: random.Random) -> list[Claimed]:
    """FeTaQA (arXiv 2104.00369): an answer in a sentence over the rows that it was written from."""
    found: list[Claimed] = []
    for row in lines(data / "p08_fetaqa" / "dev.jsonl"):
        cells: list[list[str]] = row["table_array"]
        if not wanted(row["table_page_title"]) or len(row["answer"]) > 260:
            continue
        numbers = sorted({at for at, _ in row["highlighted_cell_ids"] if 0 < at < len(cells)})[:4]
        told = [
            " | ".join(f"{name}: {value}" for name, value in zip(cells[0], cells[at], strict=False) if value)
            for at in numbers
        ]
        title = f"{row['table_page_title']} > {row['table_section_title']}"
        right = Claimed(
            row["answer"],
            "\n".join([title, *told]),
            "supported",
            "en",
            "en",
            "fetaqa",
            twins=str(row["feta_id"]),
        )
        whole = [" ".join(one) for one in cells[1:12]]
        edit = change(right.sentence, "en", [right.text, *whole], [], draw)
        if told and edit is not None and len(right.text) < 900:
            wrong = replace(right, sentence=edit.text, label="contradicted", wrong=(edit.place,))
            found += [right, wrong]
    return found
