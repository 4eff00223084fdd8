"""How well the reader finds an answer's words: python bench/reader.py [--questions 200]

Each question is asked of the paragraph that answers it, in the half of the articles that nothing was trained
or fitted on: CMRC 2018, DRCD, and XQuAD in its 12 languages, each question in its paragraph's language and
in another. Exact match and F1 as SQuAD's script has them, over words, over characters for Chinese, Japanese
and Thai. Beside it a sliding window: the stretch of words, as long as answers are, that is nearest to the
question's own words. Writes the table to docs/benchmarks.md between its markers. Needs the pack e5-small and
the shared data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import unicodedata
from collections import Counter
from pathlib import Path

from marked_page import dated, write_between

from everask.encoder.question import Asker, open_question
from everask.evaluate.spans import SpanQuestion, SpanSet, load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.packs import default_folder
from everask.text import analyse, analyse_query, words
from everask.text.telling import weigh

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- reader:begin -->", "<!-- reader:end -->"
UNSPACED = frozenset({"zh", "ja", "th"})
WINDOW = {"zh": 3, "ja": 3, "th": 4}
"""Words in an answer; 3 elsewhere too, the median of the tuning half."""
ARTICLES = re.compile(r"\b(?:a|an|the)\b")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=200, help="at most this many a set; XQuAD's a fifth")
    parser.add_argument("--folder", type=Path, default=default_folder() / "e5-small-question-built")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    asker = open_question(given.folder)
    turned = {one: XQUAD_LANGUAGES[(at + 5) % 12] for at, one in enumerate(XQUAD_LANGUAGES)}
    names = {
        "CMRC 2018": ("cmrc",),
        "DRCD": ("drcd",),
        "JSQuAD": ("jsquad",),
        "XQuAD, own language": tuple(f"xquad-{one}" for one in XQUAD_LANGUAGES),
        "XQuAD, across languages": tuple(f"xquad-{one}-from-{turned[one]}" for one in XQUAD_LANGUAGES),
    }
    lines = [
        "| questions | n | window EM | window F1 | reader EM | reader F1 | right sentence |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    details: dict[str, str] = {}
    for group, sets in names.items():
        rows: list[list[float]] = []
        for spans in load_span_sets(data, sets):
            size = given.questions if len(sets) == 1 else max(10, given.questions // 5)
            some = [measure(one, spans, asker) for one in spans.half("report", size)]
            rows += some
            details[spans.name] = f"{spans.name} {statistics.fmean(row[3] for row in some):.2f}"
        means = [statistics.fmean(column) for column in zip(*rows, strict=True)]
        lines.append(f"| {group} | {len(rows)} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |")
        print(lines[-1], flush=True)
    each = "; ".join(text for name, text in details.items() if name.startswith("xquad"))
    table = "\n".join(lines) + f"\n\nThe reader's F1 by language: {each}.\n"
    print(table)
    write_between(BEGIN, END, dated("python bench/reader.py", table), heading="## The reader")


def measure(asked: SpanQuestion, spans: SpanSet, asker: Asker) -> list[float]:
    """Exact match and F1 of the window and of the reader, and whether the reader's words stand in the
    sentence of the answer."""
    text = spans.paragraphs[asked.paragraph]
    window = slide(asked.text, asked.language, text, spans.language)
    (reading,) = asker.ask(asked.text, [text])
    span = reading.best_span() if reading else None
    found = text[span.start : span.end] if span else ""
    near = span is not None and any(
        at >= 0 and abs(at - span.start) <= _distance(text, min(at, span.start), max(at, span.start))
        for at in asked.starts
    )
    scores = [max(score(one, gold, spans.language) for gold in asked.answers) for one in (window, found)]
    return [*scores[0], *scores[1], float(near)]


def _distance(text: str, start: int, end: int) -> int:
    """The number of characters from `start` to `end`, or -1 where a sentence ends between them."""
    return -1 if re.search(r"[.!?。！？।؟]\s|[。！？।]", text[start:end]) else end - start


def score(found: str, gold: str, language: str) -> tuple[float, float]:
    """Exact match and F1."""
    left, right = _tokens(found, language), _tokens(gold, language)
    common = sum((Counter(left) & Counter(right)).values())
    exact = float(left == right)
    if not common:
        return exact, 0.0
    precision, recall = common / len(left), common / len(right)
    return exact, 2 * precision * recall / (precision + recall)


def _tokens(text: str, language: str) -> list[str]:
    kept = "".join(" " if unicodedata.category(one)[0] in "PS" else one for one in text.casefold())
    kept = ARTICLES.sub(" ", kept) if language == "en" else kept
    return [one for one in kept if not one.isspace()] if language in UNSPACED else kept.split()


def slide(question: str, asked_in: str, text: str, language: str) -> str:
    """The words nearest to the question's words that are none of them."""
    telling = weigh(analyse_query(question, asked_in))
    places = words(text, language)
    weights = [
        max((telling.get(token, 0.0) for token in analyse(text[a:b], language)), default=0.0)
        for a, b in places
    ]
    length = min(WINDOW.get(language, 3), len(places))
    if not length:
        return ""

    def value(first: int) -> float:
        inside = range(first, first + length)
        near = sum(
            weight / (1 + min(abs(at - one) for one in (first, first + length - 1)))
            for at, weight in enumerate(weights[max(0, first - 30) : first + 30], max(0, first - 30))
            if at not in inside
        )
        return near - 2 * sum(weights[one] for one in inside)

    best = max(range(len(places) - length + 1), key=value)
    return text[places[best][0] : places[best + length - 1][1]]


if __name__ == "__main__":
    main()
