"""The small model that was taught to answer, beside itself untaught and a model three times its size.

    python bench/tuned_answers.py [--own 8] [--other 12] [--policy FILE] [--only NAME …] [--minutes 60]
    python bench/tuned_answers.py --again                               # today's checks on the kept replies
    python bench/tuned_answers.py --records times.jsonl --minutes 6     # on a quiet machine, for the times
    python bench/tuned_answers.py --write [--times times.jsonl]         # the tables of what was kept

On articles that nothing was trained or fitted on: one pile of XQuAD in twelve languages, DRCD, CMRC 2018,
JSQuAD and HotpotQA's paragraphs (dev/summariser_pile.py). Each question goes through the product's search
and reader once, every third again without what answers it; all models get the same evidence and the same
grammar. Judged by the right passages and strings (evaluate/answers.py), twice: what the model wrote, by the
numbers that it wrote, and what Everask showed after its checks. Every record is kept as it comes, with the
model's replies: started again it goes on, a column can be added, and what is shown can be measured anew where
only the checks changed (`--again`). `--half tune` asks of articles that tuning may look at and the training
did not (evaluate/halves.py). `--write` puts the tables into docs/benchmarks.md. Needs the packs and the
shared data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from marked_page import dated, write_between
from tuned_models import Kept, Listening
from tuned_tables import BEST, LARGE, PLAIN, POLICY, QUOTES, TUNED, Record, make_tables, read_records

import everask
from everask.answer import AnswerSettings, answer, warm_up
from everask.answer.choosing import ChooseSettings, choose
from everask.answer.drafts import Drafts, declines
from everask.evaluate.answers import Cited, Outcome, Said, Wanted, measure_one, quality
from everask.evaluate.halves import Half
from everask.generator import Generator, LocalGenerator
from everask.pipeline import Engine
from everask.pipeline.models import find_generator, find_rewarder
from everask.read import find_evidence
from everask.settings import ModelSettings
from everask.types import Answer, Answered, AnswerEvent, Drafted, Evidence, Hit, Query

sys.path.insert(0, str(Path(__file__).parents[1] / "dev"))  # for the pile, which the training shares

from summariser_pile import Asked, lay_out

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- tuned-answers:begin -->", "<!-- tuned-answers:end -->"
SYSTEMS = {
    PLAIN: ("qwen2.5-0.5b", "off"),
    TUNED: ("qwen2.5-0.5b", "auto"),
    POLICY: ("qwen2.5-0.5b", "policy"),
    LARGE: ("qwen2.5-1.5b", "off"),
    BEST: ("qwen2.5-0.5b", "auto"),
}
_SETS = ("drcd", "cmrc", "jsquad", "two hops")
_DRAFTS = 3
"""More, of the best of four."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A question that will be asked, by its number, with or without what answers it."""

    number: int
    asked: Asked
    is_there: bool

    @property
    def key(self) -> str:
        """Names it in the records."""
        return f"{self.asked.group} {self.asked.language} {self.asked.question}" + " ~" * (not self.is_there)


@dataclass(slots=True)
class Case:
    """A question, what is right, and the evidence that every model gets."""

    group: str
    wanted: Wanted
    evidence: list[Evidence]


def main() -> None:
    given = _arguments()
    given.records = given.records or given.work / given.half / "records.jsonl"
    if given.again:
        check_again(given)
    elif not given.write:
        measure(given)
    records = read_records(given.records)
    tables = make_tables(records, read_records(given.times) if given.times else [])
    print(tables)
    if given.write:
        lines = dated("python bench/tuned_answers.py", tables)
        write_between(BEGIN, END, lines, heading="## The small model that was taught to answer")


def measure(given: argparse.Namespace) -> None:
    """Ask what was not asked yet, and keep each record."""
    known = {(one.key, one.system) for one in read_records(given.records)}
    until = time.monotonic() + 60 * given.minutes
    with _searched(given) as (engine, files, plan):
        generators = {name: _open(name, given) if name in SYSTEMS else None for name in given.only}
        given.records.parent.mkdir(parents=True, exist_ok=True)
        with given.records.open("a", encoding="utf-8") as stream:
            for at, one in enumerate(plan):
                left = [name for name in given.only if (one.key, name) not in known]
                if time.monotonic() > until or not left:
                    continue
                case = make_case(one, engine, files)
                for name in left:
                    made = ask(one.key, name, case, generators[name], engine)
                    stream.write(json.dumps(made.row(), ensure_ascii=False) + "\n")
                    stream.flush()
                    print(f"{at}/{len(plan)} {case.group} {case.wanted.language} {name} {made.seconds:.1f} s")
                    print("   ", case.wanted.text, case.wanted.strings[:2], "|", made.text, flush=True)


def check_again(given: argparse.Namespace) -> None:
    """What is shown of the kept replies with the checks as they are now; replaces what was shown then."""
    records = read_records(given.records)
    with _searched(given) as (engine, files, plan):
        cases = {
            one.key: make_case(one, engine, files) for one in plan if one.key in {r.key for r in records}
        }
        found = [
            check_kept(one, cases[one.key], engine) if one.key in cases and one.system != BEST else one
            for one in records
        ]
    beside = given.records.with_suffix(".new")
    beside.write_text("".join(json.dumps(one.row(), ensure_ascii=False) + "\n" for one in found), "utf-8")
    beside.replace(given.records)


def check_kept(record: Record, case: Case, engine: Engine) -> Record:
    """A record with what is shown of its replies now."""
    model = Kept(record) if record.system in SYSTEMS else None
    made = next(
        one.answer for one in _events(record.system, case, model, engine) if isinstance(one, Answered)
    )
    shown = _shown(case, made)
    return replace(
        record,
        shown=measure_one(shown) | {"quality": quality(shown)},
        own=[not claim.verbatim for claim in made.claims],
    )


@contextmanager
def _searched(given: argparse.Namespace) -> Iterator[tuple[Engine, dict[str, str], list[Planned]]]:
    """The pile, searched, with its files and what is asked of it."""
    folder = given.work / given.half
    files, asked = _lay_out(folder / "pile", given.half)
    with everask.open(folder / "data") as engine:
        engine.add([folder / "pile"])
        engine.wait_for_vectors()
        print(f"{len(files)} files are searched", flush=True)
        yield engine, files, make_plan(_choose(asked, given.own, given.across, given.other))


def _lay_out(folder: Path, half: Half) -> tuple[dict[str, str], list[Asked]]:
    """The pile, written, and every question of it that nothing was trained on."""
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    files, asked = lay_out(data, None, half)
    files = {name: text for name, text in files.items() if not name.startswith("tables/")}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return files, [one for one in asked if half == "report" or one.is_held_out]


def make_plan(asked: Sequence[Asked]) -> list[Planned]:
    """Every question, every third a second time without what answers it; shuffled, so that the first of them
    are a fair part."""
    plan = [
        Planned(number, one, is_there)
        for number, one in enumerate(asked)
        for is_there in ((True, False) if number % 3 == 0 else (True,))
    ]
    random.Random(0).shuffle(plan)
    return plan


def make_case(one: Planned, engine: Engine, files: dict[str, str]) -> Case:
    """A question with its evidence."""
    hits = engine.search(one.asked.question, top=14, with_marks=False)
    if one.is_there:
        return _case(one.number, one.asked, hits, engine, files)
    without = [hit for hit in hits if _file(hit) not in one.asked.gold]
    return _case(one.number, one.asked, without, engine, {})


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


def ask(key: str, system: str, case: Case, generator: Listening | None, engine: Engine) -> Record:
    """Everask's answer with this model, and what the model itself wrote on the way; without one, the best
    quote is what was "written"."""
    if generator:
        generator.forget()
    started, first_word = time.monotonic(), 0.0
    for event in _events(system, case, generator, engine):
        if isinstance(event, Drafted) and not first_word:
            first_word = time.monotonic() - started
        elif isinstance(event, Answered):
            made = event.answer
    seconds = time.monotonic() - started
    written = _written(case, generator) if generator else _best_quote(case, made.abstained)
    shown = _shown(case, made)
    is_timed = generator is not None and generator.pieces > 4
    return Record(
        key=key,
        system=system,
        group=case.group,
        language=case.wanted.language,
        is_answerable=case.wanted.is_answerable,
        is_asked=generator is None or bool(generator.heard),
        written=measure_one(written) | {"quality": quality(written)},
        shown=measure_one(shown) | {"quality": quality(shown)},
        own=[not claim.verbatim for claim in made.claims],
        first_word=first_word,
        seconds=seconds,
        speed=(generator.pieces - 1) / (generator.ended - generator.began) if generator and is_timed else 0.0,
        text=written.text or shown.text,
        replies=list(generator.heard) if generator else [],
    )


def _events(
    system: str, case: Case, generator: Listening | Kept | None, engine: Engine
) -> Iterator[AnswerEvent]:
    query = Query(case.wanted.text, case.wanted.language)

    def once(model: Generator | None) -> Iterator[AnswerEvent]:
        return answer(
            query, case.evidence, model, AnswerSettings(), encoder=engine.encoder, checker=engine.checker
        )

    if system != BEST or not isinstance(generator, Listening):
        return once(generator)
    rewarder, settings = find_rewarder(engine.asker, engine.checker), ChooseSettings("drafts", _DRAFTS)
    assert rewarder is not None, "what ships of the merged reward is needed"
    inner = generator.inner
    return choose(
        query,
        case.evidence,
        once(generator),
        rewarder,
        settings,
        lambda number: once(inner.drawn(settings.temperature, number)),
    )


def _shown(case: Case, made: Answer) -> Outcome:
    names = {one.hit.document.id: _file(one.hit) for one in case.evidence}
    said = tuple(
        Said(claim.text, tuple(Cited(names[one.document_id], one.quote) for one in claim.citations))
        for claim in made.claims
    )
    return Outcome(case.wanted, not made.abstained, said)


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


def _open(name: str, given: argparse.Namespace) -> Listening:
    pack, use = SYSTEMS[name]
    if use == "policy" and given.policy is None:
        raise SystemExit(f'"{name}" needs --policy FILE.')
    adapter = str(given.policy) if use == "policy" else use
    opened = find_generator(ModelSettings(generator=pack, adapter=adapter, num_threads=given.threads))
    assert isinstance(opened, LocalGenerator), "a pack that is not there is an error already"
    generator = Listening(opened)
    warm_up(generator)
    return generator


def _file(hit: Hit) -> str:
    return "/".join(hit.document.uri.split("/")[-2:])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--own", type=int, default=8, help="questions a language, in its own language")
    parser.add_argument("--across", type=int, default=0, help="questions a language, on texts in another")
    parser.add_argument("--other", type=int, default=12, help="of DRCD, CMRC, JSQuAD and two hops, each")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "summariser")
    parser.add_argument("--records", type=Path, help="where records are kept; else in the work folder")
    parser.add_argument("--half", choices=["tune", "report"], default="report")
    parser.add_argument("--again", action="store_true", help="only the checks, on the replies that were kept")
    parser.add_argument("--times", type=Path, help="records of a quiet machine, for the times in the tables")
    parser.add_argument("--policy", type=Path, help=f'the adapter of "{POLICY}"')
    parser.add_argument("--only", nargs="*", default=[QUOTES, PLAIN, TUNED, LARGE])
    parser.add_argument("--minutes", type=float, default=60.0, help="no question is begun after these")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="ask nothing; write docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
