"""The small model that was taught to answer, beside itself untaught and a model three times its size.

    python bench/tuned_answers.py [--own 3] [--across 1] [--other 4] [--work FOLDER] [--only NAME …]

On articles that nothing was trained or fitted on: one pile of XQuAD in twelve languages, DRCD, CMRC 2018,
JSQuAD and HotpotQA's paragraphs (dev/summariser_pile.py). Each question goes through the product's search
and reader once, every third again without what answers it; all models get the same evidence and the same
grammar. Judged by the right passages and strings (evaluate/answers.py), twice: what the model wrote, by the
numbers that it wrote, and what Everask showed after its checks. Writes its tables into docs/benchmarks.md.
Needs the packs and the shared data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from marked_page import dated, write_between

import everask
from everask import packs
from everask.answer import AnswerSettings, answer, warm_up
from everask.answer.drafts import Drafts, declines
from everask.evaluate.answers import Cited, Outcome, Said, Wanted, measure_one
from everask.generator import Generator, Message, open_local
from everask.pipeline import Engine
from everask.pipeline.models import find_adapters
from everask.read import find_evidence
from everask.settings import ModelSettings
from everask.types import Answered, Drafted, Evidence, Hit, Query

sys.path.insert(0, str(Path(__file__).parents[1] / "dev"))  # for the pile, which the training shares

from summariser_pile import Asked, lay_out

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- tuned-answers:begin -->", "<!-- tuned-answers:end -->"
QUOTES, TUNED, PLAIN, LARGE = "best quote", "0.5B, taught", "0.5B, prompt", "1.5B, prompt"
SYSTEMS = {PLAIN: ("qwen2.5-0.5b", "off"), TUNED: ("qwen2.5-0.5b", "auto"), LARGE: ("qwen2.5-1.5b", "off")}
_SETS = ("drcd", "cmrc", "jsquad", "two hops")


@dataclass(slots=True)
class Case:
    """A question, what is right, and the evidence that every model gets."""

    group: str
    wanted: Wanted
    evidence: list[Evidence]


@dataclass(slots=True)
class Record:
    """What one model did with one case: as it wrote, as it was shown, and when."""

    case: Case
    written: Outcome
    shown: Outcome
    as_written: list[bool]
    first_word: float
    seconds: float


@dataclass(slots=True)
class Listening:
    """A generator whose last reply is remembered."""

    inner: Generator
    heard: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def adapters(self) -> tuple[str, ...]:
        return self.inner.adapters

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        """The inner one's pieces."""
        self.heard.append("")
        self.asked.append(prompt if isinstance(prompt, str) else prompt[-1].content)
        pieces = self.inner.stream(
            prompt, max_tokens=max_tokens, grammar=grammar, stop=stop, cancelled=cancelled, adapter=adapter
        )
        for piece in pieces:
            self.heard[-1] += piece
            yield piece

    def close(self) -> None:
        """Free the model."""
        self.inner.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own", type=int, default=3, help="questions a language, in its own language")
    parser.add_argument("--across", type=int, default=1, help="questions a language, on texts in another")
    parser.add_argument("--other", type=int, default=4, help="of DRCD, CMRC, JSQuAD and two hops, each")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "summariser")
    parser.add_argument("--adapter", default="auto", help="another adapter than the shipped one")
    parser.add_argument("--only", nargs="*", default=[QUOTES, *SYSTEMS])
    parser.add_argument("--minutes", type=float, default=60.0, help="no question is begun after these")
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md as it is")
    given = parser.parse_args()
    records: dict[str, list[Record]] = {name: [] for name in given.only}
    files, asked = _lay_out(given.work / "report" / "pile")
    with everask.open(given.work / "report" / "data") as engine:
        engine.add([given.work / "report" / "pile"])
        engine.wait_for_vectors()
        cases = find_cases(engine, files, _choose(asked, given.own, given.across, given.other))
        generators = {name: _open(name, given.adapter) if name in SYSTEMS else None for name in given.only}
        random.Random(0).shuffle(cases)  # so that the first of them are a fair part
        until = time.monotonic() + 60 * given.minutes
        for at, case in enumerate(cases):
            if time.monotonic() > until:
                break
            for name, generator in generators.items():
                records[name].append(one := ask(case, generator, engine))
                print(f"{at}/{len(cases)} {case.group} {case.wanted.language} {name} {one.seconds:.1f} s")
                print("   ", case.wanted.text, case.wanted.strings[:2], "|", one.written.text, flush=True)
    tables = make_tables(records)
    print(tables)
    if not given.dry:
        lines = dated("python bench/tuned_answers.py", tables)
        write_between(BEGIN, END, lines, heading="## The small model that was taught to answer")


def _lay_out(folder: Path) -> tuple[dict[str, str], list[Asked]]:
    """The pile, written, and every question of it."""
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    files, asked = lay_out(data, None, "report")
    files = {name: text for name, text in files.items() if not name.startswith("tables/")}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return files, asked


def find_cases(engine: Engine, files: dict[str, str], asked: Sequence[Asked]) -> list[Case]:
    """The questions with their evidence; every third a second time without what answers it."""
    cases: list[Case] = []
    for number, one in enumerate(asked):
        hits = engine.search(one.question, top=14, with_marks=False)
        cases.append(_case(number, one, hits, engine, files))
        if number % 3 == 0:
            without = [hit for hit in hits if _file(hit) not in one.gold]
            cases.append(_case(number, one, without, engine, {}))
    return cases


def _choose(asked: Sequence[Asked], own: int, across: int, other: int) -> list[Asked]:
    sizes = {"own language": own, "across languages": across, **dict.fromkeys(_SETS, other)}
    kept: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        key = (one.group, one.language if one.group not in _SETS else "")
        is_open = not (one.needs_all and one.answers[0].lower() in ("yes", "no"))
        if is_open and len(kept[key]) < sizes.get(one.group, 0):
            kept[key].append(one)
    return [one for each in kept.values() for one in each]


def _case(number: int, one: Asked, hits: Sequence[Hit], engine: Engine, files: dict[str, str]) -> Case:
    query = Query(one.question, one.language)
    evidence = find_evidence(query, hits[:10], engine.encoder, asker=engine.asker)
    strings = list(one.answers)
    for name, gold in one.gold.items() if not one.needs_all else ():
        text = gold.paragraph or files.get(name, "")
        strings += [text[start:end] for start, end in gold.spans]
    key = f"{number}{'' if files else ' without'}"
    gold_files = frozenset(one.gold) if files else frozenset()
    unique = tuple(dict.fromkeys(filter(None, strings)))
    return Case(one.group, Wanted(key, one.question, one.language, unique, gold_files), evidence)


def ask(case: Case, generator: Listening | None, engine: Engine) -> Record:
    """Everask's answer with this model, and what the model itself wrote on the way; without one, the best
    quote is what was "written"."""
    query = Query(case.wanted.text, case.wanted.language)
    if generator:
        generator.heard.clear()
        generator.asked.clear()
    started, first_word = time.monotonic(), 0.0
    for event in answer(
        query, case.evidence, generator, AnswerSettings(), encoder=engine.encoder, checker=engine.checker
    ):
        if isinstance(event, Drafted) and not first_word:
            first_word = time.monotonic() - started
        elif isinstance(event, Answered):
            made = event.answer
    seconds = time.monotonic() - started
    names = {one.hit.document.id: _file(one.hit) for one in case.evidence}
    shown = tuple(
        Said(claim.text, tuple(Cited(names[one.document_id], one.quote) for one in claim.citations))
        for claim in made.claims
    )
    written = _written(case, generator) if generator else _best_quote(case, made.abstained)
    return Record(
        case,
        written,
        Outcome(case.wanted, not made.abstained, shown),
        [not claim.verbatim for claim in made.claims],
        first_word,
        seconds,
    )


def _best_quote(case: Case, abstained: bool) -> Outcome:
    best = case.evidence[:1]
    said = tuple(Said(one.text, (Cited(_file(one.hit), one.text),)) for one in best)
    return Outcome(case.wanted, bool(best) and not abstained, said)


def _written(case: Case, generator: Listening) -> Outcome:
    """What the model's own words and numbers say, before anything is checked or replaced."""
    drafts = Drafts()
    sentences = [*drafts.feed("".join(generator.heard[:1]))[0], *drafts.end()]
    lines = dict(re.findall(r"^\[(\d)\] (.+)$", "".join(generator.asked[:1]), re.MULTILINE))
    quoted = {int(number): _cited(line, case.evidence) for number, line in lines.items()}
    said = tuple(
        Said(one.text, tuple(cited for at in one.cited if (cited := quoted.get(at)))) for one in sentences
    )
    return Outcome(case.wanted, bool(sentences) and not declines(sentences), said)


def _cited(line: str, evidence: Sequence[Evidence]) -> Cited | None:
    """The evidence that a numbered line of a prompt shows: the one that shares most of its words."""
    words = set(line.split())
    best = max(evidence, key=lambda one: (len(words & set(one.text.split())), -len(one.text)), default=None)
    exact = [one for one in evidence if " ".join(one.text.split()) in line]
    best = max(exact, key=lambda one: len(one.text)) if exact else best
    return Cited(_file(best.hit), best.text) if best else None


def make_tables(records: dict[str, list[Record]]) -> str:
    """Two tables: what was measured of each model, and the question's language by language."""
    names = list(records)
    lines = [f"| | {' | '.join(names)} |", "|---|" + "---:|" * len(names)]
    for stage in ("written", "shown"):
        for label, key in (
            ("gold answer in a cited sentence", "gold cited"),
            ("citations to a right passage", "precision"),
            ("sentences carried by a right passage", "recall"),
            ("answer × citation", "product"),
            ("both passages of two hops cited", "all gold"),
            ("question's language", "language"),
            ("numbers that stand in the quote", "numbers right"),
            ("answered, of answerable", "answered"),
            ("declined, of unanswerable", "declined"),
        ):
            cells = [_share([_value(getattr(one, stage), key) for one in records[name]]) for name in names]
            lines.append(f"| {stage}: {label} | {' | '.join(cells)} |")
    kept = [[as_is for one in records[name] for as_is in one.as_written] for name in names]
    lines.append(f"| shown sentences that are the model's own | {' | '.join(map(_share, kept))} |")
    for label, timing in (("first word, s (median)", "first_word"), ("end, s (median)", "seconds")):
        each = [sorted(getattr(one, timing) for one in records[name] if one.first_word) for name in names]
        cells = [f"{one[len(one) // 2]:.2f}" if one else "–" for one in each]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *_by_language(records)]) + "\n"


def _by_language(records: dict[str, list[Record]]) -> list[str]:
    names = list(records)
    heads = " | ".join(f"{name}: language, gold, citation" for name in names)
    lines = [f"| written, asked in | {heads} |", "|---|" + "---:|" * len(names)]
    spoken = sorted({one.case.wanted.language for each in records.values() for one in each})
    for group in (*spoken, "across languages"):
        cells = []
        for name in names:
            mine = [
                one.written for one in records[name] if group in (one.case.wanted.language, one.case.group)
            ]
            values = (
                _share([_value(one, key) for one in mine]) for key in ("language", "gold cited", "precision")
            )
            cells.append(" · ".join(one.split(" ")[0] for one in values))
        lines.append(f"| {group} | {' | '.join(cells)} |")
    return lines


def _value(outcome: Outcome, key: str) -> float | None:
    """One measure; "product" is whether a right string is said, times the citations' F1."""
    values = measure_one(outcome)
    if key != "product":
        return values.get(key)
    if not outcome.wanted.is_answerable:
        return None
    right, all_of_it = values.get("precision", 0.0), values.get("recall", 0.0)
    return values["gold cited"] * 2 * right * all_of_it / max(right + all_of_it, 1e-9)


def _share(values: Sequence[float | bool | None]) -> str:
    known = [float(one) for one in values if one is not None]
    return f"{sum(known) / len(known):.2f} ({len(known)})" if known else "–"


def _open(name: str, adapter: str) -> Listening:
    pack, use = SYSTEMS[name]
    file = packs.find(pack, packs.default_folder())
    if file is None:
        raise SystemExit(f"{pack} is not there: everask models pull {pack}")
    chosen = ModelSettings(adapter=use if use == "off" else adapter)
    generator = Listening(open_local(file, adapters=find_adapters(file, chosen)))
    warm_up(generator)
    return generator


def _file(hit: Hit) -> str:
    return "/".join(hit.document.uri.split("/")[-2:])


if __name__ == "__main__":
    main()
