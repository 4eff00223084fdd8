"""Drafts that the answer policy is tuned on, of public questions of the tuning half.

    nice -n 10 python dev/policy_drafts.py [--work .bench/policy] [--own 9] [--other 20] [--minutes 60]

XQuAD in twelve languages, DRCD, CMRC 2018 and JSQuAD as one pile (summariser_pile.py), each question asked in
its passage's language through the product's search and reader, every fifth without what answers it. Writes
WORK/drafts.jsonl as it goes (started again it goes on). With --held-out instead the greedy reply of each of
--adapters to questions of articles that are kept out of training, WORK/held.jsonl, and the paired test. Needs
the packs and the shared data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path

from summariser_pile import Asked, lay_out

import everask
from everask.answer import AnswerSettings
from everask.answer.decide import decide
from everask.evaluate.answers import Wanted, quality
from everask.evaluate.significance import bootstrap_interval, paired_test
from everask.generator import LocalGenerator
from everask.models.answer_policy.data import LEAST_MARGIN
from everask.pipeline import Engine
from everask.pipeline.models import find_generator, find_rewarder
from everask.read import find_evidence
from everask.settings import ModelSettings
from everask.training.drafting import (
    DraftSettings,
    Prompted,
    draft_on,
    outcome_of,
    prompted,
    read_keys,
    read_reply,
    write,
)
from everask.types import Hit, Query

ROOT = Path(__file__).parents[1]
SETS = ("drcd", "cmrc", "jsquad")
BASE = "qwen2.5-0.5b"
WITHOUT = " (without)"
"""Ends the key of a question whose answer was taken out."""


def main() -> None:
    given = _arguments()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    files, asked = lay_out(data, None)
    files = {name: text for name, text in files.items() if not name.startswith(("tables/", "hotpot/"))}
    for name, text in files.items():
        path = given.work / "pile" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with everask.open(given.work / "data") as engine:
        engine.add([given.work / "pile"])
        engine.wait_for_vectors()
        say(f"{len(files)} files are searched")
        chosen = choose(asked, given.own, given.other, held_out=bool(given.held_out))
        done = set() if given.held_out else read_keys(given.work / "drafts.jsonl")
        prompts = make_prompts(engine, files, chosen, done)
        settings = DraftSettings(
            num=given.drafts, seed=given.seed, until=time.monotonic() + 60 * given.minutes
        )
        models = {name: open_model(name, given.threads) for name in given.adapters}
        if given.held_out:
            reply_on(given.work / "held.jsonl", prompts, models, settings)
            return
        rewarder = find_rewarder(engine.asker, engine.checker)
        target, model = given.work / "drafts.jsonl", models[given.adapters[0]]
        made = draft_on(target, prompts, model, rewarder, settings, lambda done, line: say(f"{done} {line}"))
        say(f"{made} prompts have drafts")
    for line in tell_choices(given.work / "drafts.jsonl"):
        say(line)


def tell_choices(file: Path) -> Iterator[str]:
    """How good the first draft is, the one that the merged reward chooses, and the best, of what can be
    answered; and what there is to learn from."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    drafts = [row["drafts"] for row in rows if not row["key"].endswith(WITHOUT)]
    gold = {
        "the first": [each[0]["gold"] for each in drafts],
        "by the merged reward": [max(each, key=lambda one: one["merged"])["gold"] for each in drafts],
        "the best": [max(one["gold"] for one in each) for each in drafts],
    }
    yield f"{len(rows)} prompts, {len(drafts)} can be answered"
    for name, values in gold.items():
        low, high = bootstrap_interval(values)
        yield f"{name}: {sum(values) / len(values):.3f} ({low:.3f} to {high:.3f})"
    apart = [a - b for a, b in zip(gold["by the merged reward"], gold["the first"], strict=True)]
    low, high = bootstrap_interval(apart)
    won, lost = sum(one > 0 for one in apart), sum(one < 0 for one in apart)
    yield f"chosen against the first: {low:+.3f} to {high:+.3f}, {won} won, {lost} lost"
    rewards = [[one["reward"] for one in row["drafts"]] for row in rows]
    yield f"{sum(max(one) - min(one) >= LEAST_MARGIN for one in rewards)} pairs to prefer by"


def open_model(adapter: str, threads: int) -> LocalGenerator:
    """The 0.5B with an adapter: "auto" (what ships), "off", or a file."""
    found = find_generator(ModelSettings(generator=BASE, adapter=adapter, num_threads=threads))
    assert isinstance(found, LocalGenerator)
    return found


def reply_on(
    file: Path, prompts: Iterator[Prompted], models: Mapping[str, LocalGenerator], settings: DraftSettings
) -> None:
    """The greedy reply of each model to each prompt, judged by what is right; then the paired test of each
    against the first. Lines that are there are not written again."""
    known = read_keys(file)
    with file.open("a", encoding="utf-8") as stream:
        for prompt in prompts:
            if time.monotonic() >= settings.until:
                break
            names = [name for name in models if f"{name}: {prompt.wanted.key}" not in known]
            for name in names:
                reply = write(prompt, models[name], settings)
                row = {
                    "key": f"{name}: {prompt.wanted.key}",
                    "model": name,
                    "question": prompt.wanted.key,
                    "language": prompt.query.language,
                    "reply": reply,
                    "quality": quality(outcome_of(prompt, read_reply(reply))),
                }
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
                stream.flush()
            if names:
                say(f"{prompt.query.language} {', '.join(names)}")
    for line in compare(file, list(models)):
        say(line)


def compare(file: Path, names: Sequence[str]) -> Iterator[str]:
    """Each model's mean, and its wins, losses and p against the first, on questions that both replied to."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    values = {
        name: {row["question"]: row["quality"] for row in rows if row["model"] == name} for name in names
    }
    for name in names:
        both = [one for one in values[name] if one in values[names[0]]]
        mine, first = ([values[each][one] for one in both] for each in (name, names[0]))
        wins = sum(a > b for a, b in zip(mine, first, strict=True))
        losses = sum(a < b for a, b in zip(mine, first, strict=True))
        p = paired_test(mine, first) if name != names[0] else 1.0
        mean = sum(mine) / max(1, len(mine))
        yield f"{name}: {mean:.3f} of {len(both)}; {wins} won, {losses} lost, p {p:.3f}"


def choose(asked: Sequence[Asked], own: int, other: int, *, held_out: bool) -> list[Asked]:
    """Some of each language and set, of articles that are kept out or of the rest."""
    kept: dict[tuple[str, str], list[Asked]] = defaultdict(list)
    for one in asked:
        most = own if one.group == "own language" else other if one.group in SETS else 0
        key = (one.group, one.language)
        if one.is_held_out == held_out and len(kept[key]) < most:
            kept[key].append(one)
    chosen = [one for each in kept.values() for one in each]
    random.Random(5).shuffle(chosen)
    return chosen


def make_prompts(
    engine: Engine, files: dict[str, str], asked: Sequence[Asked], done: Set[str]
) -> Iterator[Prompted]:
    """Each question as the model would be shown it that is not `done`; every fourth also without what answers
    it. None where the likeliest evidence is in another language, for then no model is asked, nor where the
    product abstains although it need not."""
    for number, one in enumerate(asked):
        for is_there in (True, False) if number % 4 == 0 else (True,):
            wanted = wanted_of(one, files, is_there=is_there)
            if wanted.key in done:
                continue
            hits = engine.search(one.question, top=14, with_marks=False)
            some = [hit for hit in hits if is_there or file_of(hit) not in one.gold]
            query = Query(one.question, one.language)
            evidence = find_evidence(query, some[:10], engine.encoder, asker=engine.asker)
            abstains = decide(evidence, AnswerSettings(), has_model=True).kind == "abstain"
            if not evidence or (is_there and abstains):
                continue
            if evidence[0].hit.passage.language not in (one.language, "und"):
                continue
            yield prompted(wanted, evidence, lambda each: file_of(each.hit), one.article)


def wanted_of(one: Asked, files: dict[str, str], *, is_there: bool) -> Wanted:
    """What is right; nothing where what answers was taken out."""
    strings = list(one.answers)
    for name, gold in one.gold.items():
        text = gold.paragraph or files.get(name, "")
        strings += [text[start:end] for start, end in gold.spans]
    key = f"{one.group} {one.language} {one.question}{'' if is_there else WITHOUT}"
    unique = tuple(dict.fromkeys(filter(None, strings)))
    return Wanted(key, one.question, one.language, unique, frozenset(one.gold) if is_there else frozenset())


def file_of(hit: Hit) -> str:
    """A hit's file, as the pile names it."""
    return "/".join(hit.document.uri.split("/")[-2:])


def say(text: str) -> None:
    """Progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "policy")
    parser.add_argument("--own", type=int, default=9, help="questions a language of XQuAD")
    parser.add_argument("--other", type=int, default=20, help="questions of DRCD, CMRC and JSQuAD, each")
    parser.add_argument("--drafts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="no prompt is begun after these")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--adapters", nargs="+", default=["auto"], help="auto, off, or files")
    parser.add_argument("--held-out", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
