"""The course of written answers: the small model's adapter, tuned on judged drafts of its own.

Questions are those that people judged, and as many made of documents by rule. The model writes several
drafts of each as the product would have it write, each is judged by the passages that are right and by the
merged reward, and the adapter that serves is taken on from there (models/answer_policy). An adapter may
remember words of what it read, so it learned from every document that was shown to it: what only some may
read is never among them. Drafts and checkpoints are kept as they come: killed, it goes on.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from everask.answer.decide import decide
from everask.answer.rewarding import Rewarder
from everask.encoder import Encoder
from everask.encoder.question import Asker
from everask.errors import ModelError, TrainingError
from everask.evaluate.answers import Wanted, quality
from everask.feedback.labels import Labelled
from everask.generator import LocalGenerator, LocalSettings, open_local
from everask.index.learned import Lineage
from everask.pipeline import models
from everask.pipeline.encoders import Encoders
from everask.pipeline.labelling import Labels, lineage_of
from everask.pipeline.taught_answers import adapter_file, adapter_in_use
from everask.read import find_evidence
from everask.retrieve.in_use import fusion_in_use
from everask.retrieve.search import Weighing, search_by
from everask.training.asking import HeldOut, as_asked, as_query, make
from everask.training.drafting import (
    DraftSettings,
    Prompted,
    draft_on,
    judge,
    outcome_of,
    prompted,
    read_keys,
    read_reply,
    write,
)
from everask.training.feedback import Course, with_documents, write_whole
from everask.training.gate import ASKED
from everask.training.gate import Asked as Outcome
from everask.training.work import Work
from everask.types import Hit

UNANSWERABLE = "unanswerable"
"""The kind of questions whose right passages were taken away: to decline is right."""
METHOD = "dpo"
DRAFTING = 0.6
"""The share of its minutes that drafts may take."""
MOST_MEASURED = {ASKED: 150, "made": 40}
"""Each is written twice, at seconds apiece."""
_WITHOUT_ONE_IN = 4
_TOP, _READ = 14, 10
_LEARNING, _HELD_OUT, _SHOWN = "questions.json", "held_out.json", "shown.json"
_DRAFTS, _DRAFTED, _MEASURED = "drafts.jsonl", "drafted", "measured.jsonl"


@dataclass(frozen=True, slots=True)
class Tools:
    """What a question is asked with: search by words and meaning, the trained reader, the rewards."""

    work: Work
    encoder: Encoder
    asker: Asker | None
    rewarder: Rewarder | None


def open_tools(work: Work) -> Tools:
    """Raises ModelError without an encoder."""
    settings = work.settings.models
    encoder = Encoders(work.store, settings, work.tell).serving()
    if encoder is None:
        raise ModelError("The encoder is not there.", "Fetch it: everask models pull e5-small")
    asker = models.find_asker(settings, work.tell)
    checker = models.find_checker(settings, work.tell)
    return Tools(work, encoder, asker, models.find_rewarder(asker, checker))


def find_hits(tools: Tools, question: HeldOut) -> list[Hit]:
    """The passages that everybody may read in which an answer is looked for, without what is remembered."""
    work = tools.work
    query = as_query(question.text, work.store)
    if not query.text:
        return []
    weighing = Weighing(fusion_in_use(work.store), with_memory=False)
    return search_by(weighing, query, work.store, tools.encoder, top=_TOP, settings=work.settings.search)


def make_prompts(
    tools: Tools, questions: Sequence[HeldOut], shown: frozenset[str] | None, done: Set[str]
) -> Iterator[tuple[str, Prompted]]:
    """The kind of each question that is not `done` and what the model is shown, of every fourth also without
    what answers it. None where no model is asked, for the likeliest evidence is in another language, nor
    where the product abstains although it need not. Of `shown` documents only, where these are given."""
    for number, one in enumerate(questions):
        right = frozenset((*one.right, *one.beside))
        kinds = {one.kind: right}
        if number % _WITHOUT_ONE_IN == 0:
            kinds[UNANSWERABLE] = frozenset()
        for kind, gold in kinds.items():
            if key_of(kind, one) in done:
                continue
            hits = [hit for hit in find_hits(tools, one) if shown is None or hit.document.id in shown]
            hits = [hit for hit in hits if gold or hit.passage.id not in right]
            prompt = _prompt(tools, one, kind, hits, gold)
            if prompt is not None:
                yield kind, prompt


def key_of(kind: str, question: HeldOut) -> str:
    """Names a question in what is kept."""
    return f"{kind}: {question.text}"


def _prompt(
    tools: Tools, one: HeldOut, kind: str, hits: Sequence[Hit], right: frozenset[int]
) -> Prompted | None:
    query = as_query(one.text, tools.work.store)
    evidence = find_evidence(query, hits[:_READ], tools.encoder, asker=tools.asker)
    abstains = decide(evidence, tools.work.settings.answer, has_model=True).kind == "abstain"
    if not evidence or (right and abstains):
        return None
    spoken = evidence[0].hit.passage.language
    if query.language != spoken and "und" not in (query.language, spoken):
        return None
    wanted = Wanted(key_of(kind, one), one.text, query.language, (), frozenset(map(str, right)))
    return prompted(wanted, evidence, lambda each: str(each.hit.passage.id), "")


def open_writer(work: Work, adapter: Path | None) -> LocalGenerator:
    """The small model with an adapter, or with what ships. Raises TrainingError with another model in use."""
    settings = work.settings.models
    file = models.tunable_model(settings)
    if file is None:
        raise TrainingError(
            "Answers are tuned for the language model qwen2.5-0.5b, and another one writes here.",
            'Set models.generator = "qwen2.5-0.5b" and leave models.adapter at "auto".',
        )
    threads = LocalSettings(num_threads=settings.num_threads)
    return open_local(file, threads, models.find_adapters(file, settings, adapter))


def _collect(work: Work, labels: Labels) -> Lineage:
    """Questions to learn from and to measure with; and every document that drafts will be written from."""
    models.prepare_generator(work.settings.models, work.say)  # not changed while the job goes on
    open_writer(work, None).close()  # says now what is missing, not after an hour
    learning, measuring = make(work)
    judged = [one for one in labels.training if one.right]
    questions = [*as_asked(work.store, judged), *learning[: len(judged)]]
    _keep(work.folder / _LEARNING, questions)
    _keep(work.folder / _HELD_OUT, [*_held_out(work, labels.held_out), *measuring])
    tools, shown = open_tools(work), set[str]()
    for done, one in enumerate(questions, 1):
        work.tell_progress("collecting", done, len(questions), "looking for passages")
        shown |= {hit.document.id for hit in find_hits(tools, one)}
    write_whole(work.folder / _SHOWN, sorted(shown))
    return with_documents(lineage_of(judged), shown)


def _held_out(work: Work, questions: Sequence[Labelled]) -> list[HeldOut]:
    return as_asked(work.store, [one for one in questions if one.right])


def _teach(work: Work) -> Mapping[str, Any]:
    """Drafts, then the adapter; its file stands where nothing looks before it is promoted."""
    champion = adapter_in_use(work.store, work.settings.models)
    if not (work.folder / _DRAFTED).exists():
        _draft(work, champion)
        (work.folder / _DRAFTED).touch()  # another number of drafts would be another training
    tuned = tune(work, champion)
    target = adapter_file(work.store.folder, work.job.state.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(tuned, target)
    return {"file": target.name, "method": METHOD}


def _draft(work: Work, champion: Path | None) -> None:
    """As many drafts as there is time for."""
    ends = time.monotonic() + DRAFTING * 60 * work.minutes
    tools, writer = open_tools(work), open_writer(work, champion)
    questions = _read(work.folder / _LEARNING)
    shown = frozenset(json.loads((work.folder / _SHOWN).read_text("utf-8")))
    made = draft_on(
        work.folder / _DRAFTS,
        (one for _, one in make_prompts(tools, questions, shown, read_keys(work.folder / _DRAFTS))),
        writer,
        tools.rewarder,
        DraftSettings(seed=work.seed, until=ends),
        lambda done, line: work.tell_progress("drafting", done, len(questions), line),
    )
    writer.close()
    work.say(f"{made} prompts have drafts.")
    work.job.choose({"trained_on": made})


def tune(work: Work, champion: Path | None) -> Path:
    """The adapter that serves, taken on by the drafts in the work's folder; where the new one is.

    Raises TrainingError where too few drafts teach anything, KeyboardInterrupt when it was told to stop.
    """
    from everask.models.answer_policy import train as answer_policy  # torch: not before it is needed

    model = models.tunable_model(work.settings.models)
    settings = answer_policy.TuneSettings(
        METHOD,
        seed=work.seed,
        minutes=(1 - DRAFTING) * work.minutes,
        threads=work.settings.models.num_threads,
    )
    assert model is not None, "looked for when the job began"
    ended = answer_policy.tune(
        work.folder,
        settings,
        model,
        champion,
        lambda step, steps, _: work.tell_progress("training", step, steps, "tuning on the drafts"),
        is_own=True,
    )
    if ended.ending == "stopped":
        raise KeyboardInterrupt
    work.say(f"Tuned: {ended.step} steps, loss {ended.loss:.3f}.")
    return work.folder / "answer.gguf"


def _measure(work: Work, weights: Mapping[str, Any]) -> Sequence[Outcome]:
    """Both adapters on questions held out: what each writes by itself, judged by the passages that are right;
    worth nothing where a gate of the merged reward refuses it."""
    tools = open_tools(work)
    challenger = adapter_file(work.store.folder, work.job.state.name)
    writers = [
        open_writer(work, one) for one in (adapter_in_use(work.store, work.settings.models), challenger)
    ]
    questions = _few(_read(work.folder / _HELD_OUT))
    kept = work.folder / _MEASURED
    read_keys(kept)  # cuts off a torn line
    rows = [json.loads(line) for line in kept.read_text("utf-8").splitlines()] if kept.exists() else []
    known = {row["key"]: Outcome(**row["outcome"]) for row in rows}
    with kept.open("a", encoding="utf-8") as stream:
        for kind, one in make_prompts(tools, questions, None, known.keys()):
            before, after = (value_of(one, write(one, writer, DraftSettings()), tools) for writer in writers)
            known[one.wanted.key] = made = Outcome(kind, one.query.language, before, after)
            stream.write(json.dumps({"key": one.wanted.key, "outcome": asdict(made)}) + "\n")
            stream.flush()
            work.tell_progress("measuring", len(known), len(questions), "asking")
    for writer in writers:
        writer.close()
    return list(known.values())


def value_of(prompt: Prompted, reply: str, tools: Tools) -> float:
    """How good a reply is, 0..1."""
    said = read_reply(reply)
    value = quality(outcome_of(prompt, said))
    if not said or not value or tools.rewarder is None:
        return value
    (judged,) = judge(prompt, [reply], tools.rewarder)
    return 0.0 if judged.refused else value


def _few(questions: Sequence[HeldOut]) -> list[HeldOut]:
    """The first of each kind."""
    kept: list[HeldOut] = []
    for kind, most in MOST_MEASURED.items():
        kept += [one for one in questions if one.kind == kind][:most]
    return kept


def _keep(path: Path, questions: Sequence[HeldOut]) -> None:
    write_whole(path, [[one.text, one.kind, one.right, one.beside] for one in questions])


def _read(path: Path) -> list[HeldOut]:
    rows = json.loads(path.read_text("utf-8"))
    return [HeldOut(text, kind, tuple(right), tuple(beside)) for text, kind, right, beside in rows]


ANSWERS = Course("answers", _collect, _teach, _measure)
