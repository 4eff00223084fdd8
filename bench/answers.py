"""Measures answers: right, cited, honest, in the right language, and how soon.

    python bench/answers.py [--questions 40] [--written 6] [--models qwen2.5-0.5b qwen2.5-1.5b]

On the articles of XQuAD (several languages), DRCD and CMRC that nothing was fitted on: a pile is indexed,
each question is asked, and every second one is asked again with its paragraph taken out of the hits. The
plain baseline is the usual prompt: the same model gets the three best passages whole, and cites by number.
Writes the table into docs/benchmarks.md. Needs the packs e5-small and the models, and the shared data
(EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from marked_page import dated, write_between

import everask
from everask.answer import AnswerSettings, answer, warm_up
from everask.answer.decide import chance_of_answer
from everask.answer.figures import missing_numbers
from everask.answer.wording import LANGUAGE_NAMES
from everask.evaluate.spans import SpanQuestion, SpanSet, load_span_sets
from everask.generator import Generator, Message
from everask.pipeline import Engine
from everask.pipeline.models import find_generator
from everask.read import find_evidence
from everask.settings import ModelSettings
from everask.text import language_of
from everask.types import Answered, Drafted, Hit, Query, QuotesFound

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- answers:begin -->", "<!-- answers:end -->"
SETS = (
    "xquad-en", "xquad-de", "xquad-es", "xquad-zh", "xquad-ar", "xquad-hi", "xquad-ru", "xquad-th",
    "xquad-de-from-en", "xquad-en-from-zh", "drcd", "cmrc",
)  # fmt: skip
MAX_PARAGRAPHS = 300
PLAIN = (
    "Answer the question in {language}, using only the passages. Cite the passage after each sentence like"
    " [1]. If the passages do not answer, say NOT FOUND.\n\n{passages}\n\nQuestion: {question}"
)


@dataclass(slots=True)
class Case:
    """A question with the hits that everybody gets; `gold` is the paragraph's document, or None."""

    asked: SpanQuestion
    hits: list[Hit]
    gold: str | None


@dataclass(slots=True)
class Outcome:
    """What one system did with one case."""

    case: Case
    answered: bool
    text: str
    quotes: tuple[str, ...]
    cited: tuple[str, ...]
    wrong_numbers: int
    first_quote: float
    first_word: float
    seconds: float
    chance: float = 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=40, help="per set, for quotes only")
    parser.add_argument("--written", type=int, default=6, help="per set, for the language models")
    parser.add_argument("--models", nargs="*", default=["qwen2.5-0.5b", "qwen2.5-1.5b"])
    parser.add_argument("--written-sets", nargs="*", default=list(SETS), help="sets for the models")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--plain", action=argparse.BooleanOptionalAction, default=True, help="ask it, too")
    given = parser.parse_args()
    generators = {name: _open(name) for name in given.models}
    systems: dict[str, list[Outcome]] = {"quotes": []}
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    for spans in load_span_sets(data, tuple(given.sets)):
        with tempfile.TemporaryDirectory() as folder, _index(spans, Path(folder)) as (engine, cases):
            systems["quotes"] += [ask(case, engine, None) for case in cases(given.questions)]
            for name, generator in generators.items() if spans.name in given.written_sets else ():
                for case in cases(given.written):
                    systems.setdefault(name, []).append(ask(case, engine, generator))
                    _print(f"{spans.name} {name}", systems[name][-1])
                    if given.plain:
                        plain = ask_plainly(case, generator)
                        systems.setdefault(f"{name}, plain prompt", []).append(plain)
        _print(spans.name, *systems["quotes"][-1:])
    table = make_table(systems) + "\n" + make_curve(systems["quotes"])
    print(table)
    command = f"python bench/answers.py --questions {given.questions} --written {given.written}"
    write_between(BEGIN, END, dated(command, table), heading="## Answers")


class _index:
    """A pile of the set's paragraphs, open while its questions are asked."""

    def __init__(self, spans: SpanSet, folder: Path) -> None:
        self.spans = spans
        self.asked = spans.half("report", 400)
        wanted = list(dict.fromkeys(one.paragraph for one in self.asked))
        others = [key for key in spans.paragraphs if key not in set(wanted)]
        self.kept = (wanted + others)[:MAX_PARAGRAPHS]
        pile = folder / "pile"
        pile.mkdir()
        for number, key in enumerate(self.kept):
            (pile / f"{number}.txt").write_text(spans.paragraphs[key], "utf-8")
        self.engine = everask.open(folder / "data")
        self.engine.add([pile])
        self.engine.wait_for_vectors()

    def __enter__(self) -> tuple[Engine, _index]:
        return self.engine, self

    def __exit__(self, *error: object) -> None:
        self.engine.close()

    def __call__(self, count: int) -> Iterator[Case]:
        """`count` questions; every second one a second time, with its paragraph taken out."""
        for number, one in enumerate(self.asked[:count]):
            if one.paragraph not in self.kept:
                continue
            gold = str(self.kept.index(one.paragraph))
            hits = self.engine.search(one.text, top=12)
            yield Case(one, hits[:10], gold)
            if number % 2:
                yield Case(one, [hit for hit in hits if hit.document.name != gold][:10], None)


def ask(case: Case, engine: Engine, generator: Generator | None) -> Outcome:
    """Everask's answer, with the time from the question to each event (the search is not in it)."""
    started = time.monotonic()
    query = Query(case.asked.text, case.asked.language)
    evidence = find_evidence(query, case.hits, engine.encoder, asker=engine.asker)
    first_quote = first_word = math.nan
    stream = answer(
        query, evidence, generator, AnswerSettings(), encoder=engine.encoder, checker=engine.checker
    )
    for event in stream:
        if isinstance(event, QuotesFound):
            first_quote = time.monotonic() - started
        elif isinstance(event, Drafted) and math.isnan(first_word):
            first_word = time.monotonic() - started
        elif isinstance(event, Answered):
            made = event.answer
    pairs = [(claim.text, one) for claim in made.claims for one in claim.citations]
    wrong = sum(
        len(missing_numbers(claim.text, " ".join(_passage(case, one.document) for one in claim.citations)))
        for claim in made.claims
    )
    return Outcome(
        case,
        not made.abstained,
        made.text,
        tuple(one.quote for _, one in pairs),
        tuple(one.document for _, one in pairs),
        wrong,
        first_quote,
        first_word,
        time.monotonic() - started,
        chance_of_answer(evidence),
    )


def ask_plainly(case: Case, generator: Generator) -> Outcome:
    """The usual prompt: passages in, the model's text out; its numbers are the citations."""
    started = time.monotonic()
    hits = case.hits[:3]
    passages = "\n\n".join(f"[{at}] {hit.passage.text}" for at, hit in enumerate(hits, 1))
    language = LANGUAGE_NAMES[case.asked.language]
    prompt = PLAIN.format(language=language, passages=passages, question=case.asked.text)
    text, first_word = "", math.nan
    for piece in generator.stream([Message("user", prompt)], max_tokens=160):
        text += piece
        if math.isnan(first_word):
            first_word = time.monotonic() - started
    numbers = [int(one) - 1 for one in re.findall(r"\[(\d)\]", text)]
    cited = [hits[at] for at in numbers if 0 <= at < len(hits)]
    plain = re.sub(r"\[\d\]", "", text)
    return Outcome(
        case,
        "NOT FOUND" not in text.upper(),
        plain,
        tuple(hit.passage.text for hit in cited),
        tuple(hit.document.name for hit in cited),
        len(missing_numbers(plain, " ".join(hit.passage.text for hit in hits))),
        math.nan,
        first_word,
        time.monotonic() - started,
    )


def make_table(systems: dict[str, list[Outcome]]) -> str:
    """One row a system: shares with 95% intervals, medians of seconds."""
    head = (
        "| system | n | answered, of answerable | answer string in a cited quote | in the answer's text"
        " | citations to the right passage | abstained, of unanswerable | question's language"
        " | wrong numbers | first quote s | first word s | end s |"
    )
    lines = [head, "|" + "---|" * 12]
    for name, all_outcomes in systems.items():
        there = [one for one in all_outcomes if one.case.gold is not None]
        gone = [one for one in all_outcomes if one.case.gold is None]
        answered = [one for one in there if one.answered]
        quoted = [any(_has(quote, one) for quote in one.quotes) for one in there]
        right = [cited == one.case.gold for one in answered for cited in one.cited]
        own = [one for one in answered if name != "quotes" and len(one.text) > 30]
        lines.append(
            f"| {name} | {len(there)} + {len(gone)} | {_share([one.answered for one in there])}"
            f" | {_share(quoted)} | {_share([_has(one.text, one) for one in there])} | {_share(right)}"
            f" | {_share([not one.answered for one in gone])}"
            f" | {_share([language_of(one.text) == one.case.asked.language for one in own])}"
            f" | {sum(one.wrong_numbers for one in there + gone if one.answered)}"
            f" | {_median([one.first_quote for one in there])} | {_median([one.first_word for one in there])}"
            f" | {_median([one.seconds for one in there])} |"
        )
    return "\n".join(lines) + "\n"


def make_curve(outcomes: Sequence[Outcome]) -> str:
    """How well the chance of an answer tells answerable from not, and precision at coverages."""
    ranked = sorted(outcomes, key=lambda one: -one.chance)
    labels = [one.case.gold is not None for one in ranked]
    num_true, num_false = sum(labels), len(labels) - sum(labels)
    above, pairs = 0, 0
    for label in labels:
        above += label
        pairs += 0 if label else above
    lines = [f"Abstention, n={len(labels)}: AUROC {pairs / max(1, num_true * num_false):.3f}.", ""]
    lines += ["| coverage of answerable | chance at least | answered precision |", "|---|---|---|"]
    for coverage in (0.75, 0.8, 0.85, 0.9, 0.95):
        seen = 0
        for at, label in enumerate(labels, 1):
            seen += label
            if seen >= coverage * num_true:
                lines.append(f"| {coverage:.2f} | {ranked[at - 1].chance:.2f} | {seen / at:.3f} |")
                break
    return "\n".join(lines) + "\n"


def _open(name: str) -> Generator:
    generator = find_generator(ModelSettings(generator=name))
    assert generator is not None, "a pack that is not there is an error already"
    warm_up(generator)
    return generator


def _passage(case: Case, document: str) -> str:
    return " ".join(hit.passage.text for hit in case.hits if hit.document.name == document)


def _has(text: str, outcome: Outcome) -> bool:
    """Whether one of the right strings is in the text; only the letters and figures are compared."""
    plain = _letters(text)
    return any(_letters(one) in plain for one in outcome.case.asked.answers)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _share(values: Sequence[bool]) -> str:
    """A share and its Wilson interval."""
    if not values:
        return "–"
    count, share = len(values), sum(values) / len(values)
    middle = (share + 1.92 / count) / (1 + 3.84 / count)
    half = 1.96 / (1 + 3.84 / count) * math.sqrt(share * (1 - share) / count + 0.96 / count**2)
    return f"{share:.2f} ({max(0, middle - half):.2f}–{min(1, middle + half):.2f})"


def _median(values: Sequence[float]) -> str:
    known = sorted(one for one in values if not math.isnan(one))
    return f"{known[len(known) // 2]:.2f}" if known else "–"


def _print(name: str, *outcomes: Outcome) -> None:
    for one in outcomes:
        row = dataclasses.asdict(one)
        shown = {key: row[key] for key in ("answered", "cited", "text", "seconds")}
        print(name, one.case.asked.text, one.case.asked.answers[:1], one.case.gold, shown, flush=True)


if __name__ == "__main__":
    main()
