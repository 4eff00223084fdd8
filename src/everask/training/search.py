"""Teaches the encoder a store's own documents: collect, train, build, measure, and keep only what is better.

Each stage leaves its result in the job's folder, so that a job that was killed goes on with the stage that
it was in. What serves is not touched before the last stage, which changes one setting of the store.
Recipe: models/search_bert; it starts from the shipped encoder, never from one that was taught before.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from everask import packs
from everask.encoder import Encoder, open_encoder
from everask.errors import ModelError, TrainingError
from everask.index import Store
from everask.pipeline import models, taught
from everask.pipeline.encoding import encode_pending
from everask.pipeline.jobs import UNFINISHED, Value, job_folder, list_jobs
from everask.pipeline.labelling import Labels, read_labels
from everask.pipeline.promotion import LearnedKind
from everask.retrieve import search
from everask.training.card import make_card
from everask.training.examples import (
    MINED_A_MINUTE,
    MOST_MINED,
    Examples,
    judged_families,
    load_examples,
    make_families,
    mine_negatives,
    save_examples,
)
from everask.training.feedback import (
    LINEAGE,
    count_tried,
    keep_learned,
    require_judged,
    with_documents,
    write_lineage,
)
from everask.training.gate import (
    DEPTH,
    Asked,
    Verdict,
    decide,
    gain,
    load_verdict,
    save_verdict,
)
from everask.training.questions import Question, load_questions, make_pool, save_questions
from everask.training.sections import Group, Pile, read_pile
from everask.training.teaching import build, teach
from everask.training.work import TooLittleError, Work
from everask.types import Query

KIND: LearnedKind = "search"
CARD = "card.md"

_EXAMPLES, _QUESTIONS, _POOL = "examples.jsonl", "questions.json", "pool"
_COLLECTED, _VERDICT, _READ = "collected", "verdict.json", "read.json"
_NEEDED = 400 << 20
"""About what the encoder, two checkpoints, the pool and the examples take."""


def train_search(work: Work) -> Verdict:
    """Do what is left of the job, and say whether the new encoder serves from now on.

    Raises TooLittleError when there is too little to learn from or to measure with, TrainingError when there
    is no room, KeyboardInterrupt when it was told to stop.
    """
    pack = _find_pack(work)
    _remove_abandoned(work)
    _require_room(work)
    _collect(work)
    decided = work.folder / _VERDICT
    if not decided.exists():
        teach(work, load_examples(work.folder / _EXAMPLES), pack)
        encoder = open_encoder(build(work, pack))
        save_verdict(decided, _measure(work, load_questions(work.folder / _QUESTIONS), encoder))
    verdict = load_verdict(decided)
    _require_rights(work)
    _end(work, verdict)
    return verdict


def clean_up(work: Work) -> None:
    """Remove the texts and checkpoints of a job that will not go on."""
    shutil.rmtree(work.folder, ignore_errors=True)
    shutil.rmtree(work.checkpoints, ignore_errors=True)


def _remove_abandoned(work: Work) -> None:
    """What jobs left that were begun anew with other settings, or killed at their very end."""
    for one in list_jobs(work.store.folder):
        if one.kind != KIND or one.status in UNFINISHED:
            continue
        for left in ("work", "checkpoints"):
            shutil.rmtree(job_folder(work.store.folder, one.name) / left, ignore_errors=True)
        if one.status == "abandoned":
            shutil.rmtree(taught.taught_folder(work.store.folder, one.name), ignore_errors=True)


def _require_room(work: Work) -> None:
    free = shutil.disk_usage(work.store.folder).free
    if not (work.folder / _COLLECTED).exists() and free < _NEEDED:
        raise TrainingError(
            f"Only {free >> 20} MB are free in {work.store.folder}, and training needs {_NEEDED >> 20} MB.",
            "Make room and run the same command again. Search is as it was.",
        )


def _find_pack(work: Work) -> Path:
    name = work.settings.models.encoder
    if name not in packs.PACKS:
        raise TrainingError(
            f"The encoder {name} is not one that Everask can train.", "Set models.encoder to e5-small."
        )
    file = packs.find(name, models.models_folder(work.settings.models))
    if file is None:
        raise ModelError("The encoder is not there.", f"Fetch it: everask models pull {name}")
    return file


def _champion(work: Work) -> Encoder:
    """The encoder that serves now."""
    return models.find_encoder(taught.in_use(work.settings.models, work.store, work.tell), work.tell)


def _collect(work: Work) -> None:
    """Write examples, questions and the pool, unless they are there."""
    if (work.folder / _COLLECTED).exists():
        return
    work.tell_progress("collecting", 0, 0, "reading documents")
    shutil.rmtree(work.folder, ignore_errors=True)
    work.folder.mkdir(parents=True)
    pile = read_pile(work.store)
    labels = _read_judged(work)
    measured = {document for one in labels.held_out for document in one.documents}
    learned_from = [group for group in pile.groups if not _is_of(group, measured)]
    families = (*make_families(learned_from), *judged_families(labels.training, work.store))
    examples = Examples(families, {})
    _require_sections(work, examples.num_sections, pile)
    questions = make_pool(pile.groups, work.store, work.folder / _POOL, work.seed, labels.held_out)
    _require_questions(work, len(questions))
    save_questions(work.folder / _QUESTIONS, questions)
    negatives = mine_negatives(
        families,
        _held_out_documents(pile) | measured,
        work.store,
        _champion(work),
        work.settings.search,
        lambda done, total: work.tell_progress("collecting", done, total, "looking for hard negatives"),
        max(MINED_A_MINUTE, min(MOST_MINED, round(MINED_A_MINUTE * work.minutes))),
    )
    save_examples(work.folder / _EXAMPLES, Examples(families, negatives))
    uris = {version.document.uri for group in pile.groups for version in group.versions}
    (work.folder / _READ).write_text(json.dumps(sorted(uris)), encoding="utf-8")
    taught_by = {
        version.document.id for group in learned_from if not group.is_held_out for version in group.versions
    }
    write_lineage(work.folder / LINEAGE, with_documents(labels.lineage, taught_by))
    _require_rights(work)
    work.job.choose(_counts(pile, examples, negatives))
    (work.folder / _COLLECTED).touch()


def _read_judged(work: Work) -> Labels:
    """What people judged, where that is asked for; else nothing. Raises TooLittleError."""
    if work.job.settings.get("on") != "feedback":
        return Labels((), (), {}, {}, 0)
    labels = read_labels(work.store)
    require_judged(work, KIND, labels)
    return labels


def _is_of(group: Group, documents: set[str]) -> bool:
    return any(version.document.id in documents for version in group.versions)


def _require_rights(work: Work) -> None:
    """What is taught must be readable by everyone still: rights may have changed while it was at work."""
    file = work.folder / _READ
    used = set(json.loads(file.read_text("utf-8"))) if file.exists() else set()
    limited = [one.name for one in work.store.documents() if one.groups and one.uri in used]
    if limited:
        shutil.rmtree(work.taught, ignore_errors=True)
        clean_up(work)
        more = f" and {len(limited) - 1} more" if len(limited) > 1 else ""
        raise TrainingError(
            f"{limited[0]}{more} may be read by some people only since this training began.",
            "What was learnt is thrown away, and search is as it was. Run the same command again.",
        )


def _held_out_documents(pile: Pile) -> set[str]:
    return {version.document.id for group in pile.groups if group.is_held_out for version in group.versions}


def _counts(pile: Pile, examples: Examples, negatives: dict[str, list[str]]) -> dict[str, Value]:
    return {
        "documents": sum(len(group.versions) for group in pile.groups),
        "held_out": len(_held_out_documents(pile)),
        "in_several_languages": sum(len(group.versions) > 1 for group in pile.groups),
        "limited": pile.num_limited,
        "sampled_out": pile.num_sampled_out,
        "sections": examples.num_sections,
        "with_hard_negatives": len(negatives),
    }


def _require_sections(work: Work, number: int, pile: Pile) -> None:
    least = work.recipe.enough.sections
    if number >= least:
        return
    limited = (
        f" ({pile.num_limited} documents that only some may read do not count)" if pile.num_limited else ""
    )
    raise TooLittleError(
        f"There is too little to learn from: {number} sections{limited}, {least} are needed, "
        f"{least - number} are missing.",
        "Add more documents. Search is as it was.",
    )


def _require_questions(work: Work, number: int) -> None:
    least = work.recipe.enough.questions
    if number < least:
        raise TooLittleError(
            f"There is too little to measure with: {number} questions from documents held out, {least} are "
            f"needed, {least - number} are missing.",
            "Add more documents, best with headings. Search is as it was.",
        )


def _measure(work: Work, questions: Sequence[Question], challenger: Encoder) -> Verdict:
    """Both encoders on the questions, asked of the pool as users ask."""
    champion = _champion(work)
    with Store.open(work.folder / _POOL) as pool:
        for encoder in (champion, challenger):
            encode_pending(
                pool,
                encoder,
                work.folder / _POOL,
                progress=lambda done, total: work.tell_progress("measuring", done, total, "encoding"),
                wait=True,
            )
        asked = []
        for done, question in enumerate(questions, 1):
            before, after = (_ask(work, pool, encoder, question) for encoder in (champion, challenger))
            asked.append(Asked(question.kind, question.language, before, after))
            work.tell_progress("measuring", done, len(questions), "asking")
    return decide(asked, tried=count_tried(work, KIND))


def _ask(work: Work, pool: Store, encoder: Encoder, question: Question) -> float:
    query = Query(question.text, question.language)
    hits = search(query, pool, encoder, top=DEPTH, settings=work.settings.search, with_marks=False)
    return gain([(hit.document.id, hit.passage.ordinal) for hit in hits], question.right)


def _end(work: Work, verdict: Verdict) -> None:
    """Promote or throw away; the card stays either way."""
    card = make_card(work.job.state, verdict)
    (work.job.folder / CARD).write_text(card, encoding="utf-8")
    if verdict.is_kept:
        (work.taught / CARD).write_text(card, encoding="utf-8")
    keep_learned(work, KIND, verdict, {"base": work.settings.models.encoder})
    if verdict.is_kept:
        taught.promote(work.store, work.settings.models.encoder, work.job.state.name)
        for name in taught.prune(work.store):
            work.job.log(f"{name} removed: it is no longer the one before")
    else:
        shutil.rmtree(work.taught, ignore_errors=True)
    work.job.end("kept" if verdict.is_kept else "refused", _sentence(verdict))
    clean_up(work)


def _sentence(verdict: Verdict) -> str:
    one = verdict.all
    figures = (
        f"nDCG@10 {one.before:.3f} before, {one.after:.3f} now, on {one.num_questions} held-out questions"
    )
    if verdict.is_kept:
        return f"Kept: {figures}, p = {verdict.p:.4f}. Undo: everask rollback search"
    return f"Not kept: {verdict.why} ({figures}.) Search is as it was."
