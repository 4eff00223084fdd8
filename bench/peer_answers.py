"""Answers beside other systems: the same files, questions and language model for everybody.

    python bench/peer_answers.py [--questions 3] [--others 1] [--model qwen2.5-0.5b] [--systems everask …]

A pile a set (XQuAD in four languages, Spanish asked in Turkish, DRCD, CMRC, HotpotQA's two hops), of the
half that nothing was tuned on. Each set gives so many questions that its pile answers, and `--others` whose
paragraphs are not in the pile. Everybody finds passages by itself. Judged by gold strings and paragraphs
(evaluate/answers.py), never by our own checker. Peers run in environments of their own under .bench/, set up
as their documentation does (bench/peer_answering.py), and reach the model through an OpenAI-compatible API
(bench/model_server.py); their replies are kept in .bench/peer-answers, so that they can be asked in turns.
PaperQA asks the model four times a question: it gets the first `--slow` of each kind. Writes
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexing import BENCH, ROOT, peer_python
from marked_page import dated, write_between
from model_server import serve_model
from peer_model import write_peer_model

from everask import packs
from everask.evaluate import answers as judging
from everask.evaluate.answer_suites import AnswerSuite, load_answer_suites
from everask.evaluate.answers import Cited, Outcome, Said, Wanted, measure_one, split_cited
from everask.evaluate.promise import interval
from everask.generator import open_local
from everask.pipeline import Engine
from everask.settings import load_settings

BEGIN, END = "<!-- peer-answers:begin -->", "<!-- peer-answers:end -->"
SETS = ("xquad-en", "xquad-de", "xquad-ar", "xquad-hi", "xquad-es-from-tr", "drcd", "cmrc", "hotpot")
SYSTEMS = ("everask", "everask, quotes", "txtai", "llamaindex", "paperqa")
NAMES = {
    "everask": "Everask",
    "everask, quotes": "Everask, quotes alone",
    "txtai": "txtai 9.14, RAG",
    "llamaindex": "LlamaIndex 0.14, citation query engine",
    "paperqa": "PaperQA 2026.8",
}
MORE_FOR_PEERS = ("llama-index-llms-openai-like", "litellm")
PAPERQA = ("paper-qa==2026.8.12", "sentence-transformers")
NUM_FILES = 60
_SAID = "gold said"
_REFUSALS = re.compile(
    r"not found|cannot answer|can't answer|don't say|do not say|no information|unable to|insufficient"
    r"|not (?:provided|mention|contain|specif|possible|enough)|i don't know|i'm sorry|keine information"
    r"|nicht (?:erwähnt|enthalten|möglich)|没有(?:提供|提到|说明|相关)|未(?:提供|提及|提到)|無法|无法|抱歉"
    r"|لا (?:يوجد|يمكن|توجد|يذكر)|لم (?:يذكر|يتم)|उल्लेख नहीं|जानकारी नहीं|नहीं दी गई",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Pile:
    """Files by name, and what is asked of them; the right documents are file names."""

    name: str
    files: dict[str, str]
    asked: list[Wanted]

    def part(self, questions: int, others: int) -> Pile:
        """The same files and fewer questions."""
        there = [one for one in self.asked if one.is_answerable][:questions]
        gone = [one for one in self.asked if not one.is_answerable][:others]
        return replace(self, asked=there + gone)


def main() -> None:
    """Ask everybody, write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=3, help="per set that are answered")
    parser.add_argument("--others", type=int, default=1, help="per set that nothing answers")
    parser.add_argument("--slow", type=int, nargs=2, default=[1, 1], help="the same for PaperQA")
    parser.add_argument("--model", default="qwen2.5-0.5b")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--systems", nargs="*", choices=SYSTEMS, default=list(SYSTEMS))
    parser.add_argument("--kept", action="store_true", help="of the peers, only what was asked before")
    parser.add_argument("--dry", action="store_true", help="leave docs/benchmarks.md as it is")
    given = parser.parse_args()
    file = packs.find(given.model, packs.default_folder())
    if file is None:
        raise SystemExit(f"{given.model} is not there: everask models pull {given.model}")
    piles = [make_pile(name, given.questions, given.others) for name in given.sets]
    outcomes: dict[str, list[Outcome]] = {}
    for system in given.systems:
        parts = [pile.part(*given.slow) if system == "paperqa" else pile for pile in piles]
        if given.kept and not system.startswith("everask"):
            parts = [pile for pile in parts if _kept(system, pile, file).exists()]
        if parts:
            outcomes[system] = ask(system, parts, file, given.model)
    table = make_table(outcomes)
    print(table)
    about = (
        f"The language model is {given.model} for all; {NUM_FILES} files a pile ({', '.join(given.sets)})."
        " Intervals are Clopper and Pearson's, 95%. Seconds are whole answers, medians, on a machine that did"
        " other work meanwhile. Where two paragraphs answer together, either is right."
    )
    command = f"python bench/peer_answers.py --questions {given.questions} --others {given.others}"
    if not given.dry:
        lines = dated(f"{command} --model {given.model}", about + "\n\n" + table)
        write_between(BEGIN, END, lines, heading="## Answers beside other systems")


def make_pile(name: str, questions: int, others: int) -> Pile:
    """Questions of the report half, one a paragraph; those that nothing answers have theirs left out."""
    suite = _find_suite(name)
    first: dict[frozenset[str], Wanted] = {}
    for one in suite.half("report", 4000, seed=2):
        first.setdefault(one.gold, one)
    drawn = list(first.values())[: questions + others]
    there, gone = drawn[:questions], drawn[questions:]
    left = {key for one in gone for key in one.gold}
    there = [one for one in there if not one.gold & left]
    others_kept = [key for key in sorted(suite.pool.passages) if key not in left]
    random.Random(3).shuffle(others_kept)
    wanted = [key for one in there for key in sorted(one.gold)]
    kept = list(dict.fromkeys(wanted + others_kept))[:NUM_FILES]
    names = {key: f"p{number}" for number, key in enumerate(kept)}
    asked = [replace(one, gold=frozenset(names[key] for key in one.gold)) for one in there]
    asked += [replace(one, gold=frozenset()) for one in gone]
    return Pile(name, {names[key]: suite.pool.passages[key].text for key in kept}, asked)


def _find_suite(name: str) -> AnswerSuite:
    loader = "xquad-across" if "-from-" in name else name.split("-")[0]
    folder = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    suites = {one.name: one for one in load_answer_suites(loader, [folder])}
    if name not in suites:
        raise SystemExit(f"There is no set {name}; there are {', '.join(suites)}.")
    return suites[name]


def ask(system: str, piles: Sequence[Pile], model: Path, name: str) -> list[Outcome]:
    """One system over every pile."""
    if system.startswith("everask"):
        generator = "none" if "quotes" in system else name
        return [one for pile in piles for one in ask_everask(pile, generator)]
    kept = {pile.name: _kept(system, pile, model) for pile in piles}
    missing = [pile for pile in piles if not kept[pile.name].exists()]
    if missing:
        with tempfile.TemporaryDirectory() as folder:
            run_peer(system, {kept[pile.name]: pile for pile in missing}, model, Path(folder))
    made = {pile.name: json.loads(kept[pile.name].read_text("utf-8")) for pile in piles}
    return [_judge(one, made[pile.name][one.key], pile) for pile in piles for one in pile.asked]


def ask_everask(pile: Pile, generator: str) -> list[Outcome]:
    """Everask as it is installed, with this language model or none."""
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for name, text in pile.files.items():
            path = Path(folder) / "pile" / f"{name}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        settings = load_settings(Path(folder) / "data")
        settings = replace(settings, models=replace(settings.models, generator=generator))
        with Engine(settings) as engine:
            engine.add([Path(folder) / "pile"])
            engine.wait_for_vectors()
            for wanted in pile.asked:
                started = time.monotonic()
                made = engine.ask(wanted.text)
                seconds = time.monotonic() - started
                said = tuple(
                    Said(claim.text, tuple(Cited(one.document, one.quote) for one in claim.citations))
                    for claim in made.claims
                )
                outcomes.append(Outcome(wanted, not made.abstained, said, made.chance, seconds))
                _print(f"everask {generator}", outcomes[-1])
    return outcomes


def _kept(system: str, pile: Pile, model: Path) -> Path:
    """Where a peer's replies are kept: nothing of them changes with Everask."""
    job = json.dumps([model.name, pile.files, [(one.key, one.text) for one in pile.asked]])
    digest = hashlib.sha256(job.encode()).hexdigest()
    return BENCH / "peer-answers" / f"{system}-{pile.name}-{digest[:24]}.json"


def run_peer(system: str, piles: dict[Path, Pile], model: Path, folder: Path) -> None:
    """One peer's replies to each pile, into the file named, from a process of its own."""
    q4_file = packs.find("e5-small", packs.default_folder())
    assert q4_file is not None, "everask models pull e5-small"
    write_peer_model(q4_file, BENCH / "e5-small")
    (BENCH / "peer-answers").mkdir(parents=True, exist_ok=True)
    script = ROOT / "bench" / "peer_answering.py"
    python = paperqa_python() if system == "paperqa" else answering_python()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    generator = open_local(model)
    with serve_model(generator) as url:
        jobs = [
            {
                "out": str(out),
                "files": pile.files,
                "questions": {one.key: one.text for one in pile.asked},
                "encoder": str(BENCH / "e5-small"),
                "url": url,
                "folder": str(folder / pile.name),
            }
            for out, pile in piles.items()
        ]
        (folder / "jobs.json").write_text(json.dumps(jobs, ensure_ascii=False), "utf-8")
        own = {**environment, "PQA_HOME": str(folder), "HOME": str(folder)}
        subprocess.run([str(python), str(script), system, str(folder / "jobs.json")], check=True, env=own)
    generator.close()


def answering_python() -> Path:
    """The peers' environment, with what they need to speak to the model."""
    python = peer_python()
    if not list((python.parent.parent / "lib").glob("python*/site-packages/llama_index/llms/openai_like")):
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *MORE_FOR_PEERS], check=True)
    return python


def paperqa_python() -> Path:
    """PaperQA's environment, made once."""
    python = BENCH / "paperqa" / "bin" / "python"
    if not list((BENCH / "paperqa" / "lib").glob("python*/site-packages/paperqa")):
        subprocess.run([sys.executable, "-m", "venv", str(BENCH / "paperqa")], check=True)
        for wanted in (("torch==2.13.0",), PAPERQA):
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def _judge(wanted: Wanted, made: dict[str, Any], pile: Pile) -> Outcome:
    """A peer's reply: what its marks stand for is cited by their sentences; a reference, by all of them."""
    text = str(made["text"])
    files = {mark: name for mark, name in made["marks"].items() if name in pile.files}
    cited = {mark: Cited(name, pile.files[name]) for mark, name in files.items()}
    said = split_cited(text, wanted.language, cited)
    if made["whole"]:
        whole = tuple(Cited(name, pile.files[name]) for name in made["whole"] if name in pile.files)
        said = tuple(Said(one.text, whole) for one in said)
    answered = bool(text.strip()) and not _REFUSALS.search(text)
    return Outcome(wanted, answered, said, seconds=float(made["seconds"]))


def make_table(outcomes: dict[str, list[Outcome]]) -> str:
    """One row a measure, one column a system."""
    lines = [
        "| | " + " | ".join(NAMES[system] for system in outcomes) + " |",
        "|---|" + "---:|" * len(outcomes),
    ]
    for label, key in (
        ("gold answer in a sentence that cites", judging.GOLD_CITED),
        ("gold answer in the words cited", judging.GOLD_QUOTED),
        ("gold answer in the text, cited or not", _SAID),
        ("citations to a right passage", judging.PRECISION),
        ("sentences carried by a right passage", judging.RECALL),
        ("question's language", judging.LANGUAGE),
        ("no figure that stands in nothing cited", judging.NO_WRONG_NUMBER),
        ("answered, of answerable", judging.ANSWERED),
        ("declined, of the others", judging.DECLINED),
    ):
        cells = []
        for made in outcomes.values():
            each = [measure_one(one) | _measure_text(one) for one in made]
            cells.append(_share([values[key] for values in each if key in values]))
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    seconds = [sorted(one.seconds for one in made) for made in outcomes.values()]
    lines.append("| seconds | " + " | ".join(f"{one[len(one) // 2]:.1f}" for one in seconds) + " |")
    return "\n".join(lines) + "\n"


def _measure_text(outcome: Outcome) -> dict[str, float]:
    """Whether a right string is said at all: some of the peers' sentences have no marks."""
    wanted = outcome.wanted
    if not wanted.is_answerable:
        return {}
    return {_SAID: float(outcome.answered and judging.has_any(outcome.text, wanted.strings))}


def _share(values: Sequence[float]) -> str:
    """A mean, its interval and the number of questions."""
    if not values:
        return "–"
    share = sum(values) / len(values)
    low, high = interval(round(sum(values)), len(values))
    return f"{share:.2f} ({low:.2f}–{high:.2f}), {len(values)}"


def _print(name: str, outcome: Outcome) -> None:
    told = f"{outcome.seconds:.1f} s answered={outcome.answered} {outcome.wanted.strings[:1]}"
    print(name, outcome.wanted.key, told, outcome.text[:100].replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
