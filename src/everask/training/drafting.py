"""Drafts of answers: what the model says when it is asked several times, and how good each draft is.

Each prompt is as the product makes it, of what its search and reader found. A draft is judged as it was
written, before anything is checked or replaced: by what is known to be right (the passages, and the words
where a set has them) and by the merged reward. Written as lines for models/answer_policy, as they come:
killed, the same call goes on. Knows nothing of where questions come from.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from everask.answer.check import Sentence
from everask.answer.drafts import Drafts, declines
from everask.answer.prompts import NOT_FOUND, TUNED, TUNED_SENTENCE, build_grammar, build_messages
from everask.answer.rewarding import Rewarder
from everask.answer.write import choose_prompt, prompt_text
from everask.evaluate.answers import Cited, Outcome, Said, Wanted, quality
from everask.generator import Generator, LocalGenerator, Message
from everask.generator.chat import render_chatml, strip_controls
from everask.models.merged_reward.model import Reward
from everask.types import Evidence, Query

GOLD_SHARE = 0.75
"""Of a draft's reward, what is known to be right; the rest is the merged reward's, which tells the right ones
apart."""

Show = Callable[[int, str], None]
"""(prompts done, what to say)"""


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """`num` drafts a prompt at `temperature`, of at most `sentences` and `tokens`. `until` (monotonic) no
    prompt is begun any more."""

    num: int = 4
    temperature: float = 0.9
    sentences: int = 3
    tokens: int = 160
    seed: int = 0
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Prompted:
    """A question and what the model is shown; `names` are the quotes', as `wanted` names what is right."""

    query: Query
    quotes: tuple[Evidence, ...]
    names: tuple[str, ...]
    wanted: Wanted
    article: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft with its reward: `gold` is answer x citation, `merged` what the rewards say; see `judge`."""

    reply: str
    reward: float
    gold: float
    merged: float
    refused: tuple[str, ...]


def prompted(
    wanted: Wanted,
    evidence: Sequence[Evidence],
    name: Callable[[Evidence], str],
    article: str,
    budget: int = 220,
) -> Prompted:
    """What the model would be shown of this evidence; `budget` is in tokens, as AnswerSettings has it."""
    quotes = tuple(choose_prompt(evidence, budget)) if evidence else ()
    query = Query(wanted.text, wanted.language)
    return Prompted(query, quotes, tuple(name(one) for one in quotes), wanted, article)


def write(prompt: Prompted, model: Generator, settings: DraftSettings) -> str:
    """One reply, by the adapter where the model has one; it may always decline."""
    tuned = TUNED in model.adapters
    grammar = build_grammar(prompt.query.language, len(prompt.quotes), settings.sentences, may_decline=True)
    pieces = model.stream(
        _messages(prompt, tuned=tuned),
        max_tokens=settings.tokens,
        grammar=grammar,
        adapter=TUNED if tuned else None,
    )
    return "".join(pieces).strip()


def draft(
    prompt: Prompted, model: LocalGenerator, rewarder: Rewarder | None, settings: DraftSettings
) -> list[Judged]:
    """Its drafts that differ, judged; each is another draw. Where the first two are the same, the model is
    sure, and further ones would be the same again."""
    replies: list[str] = []
    for number in range(settings.num):
        drawn = model.drawn(settings.temperature, settings.seed * 1009 + number + 1)
        replies.append(write(prompt, drawn, settings))
        if number == 1 and replies[0] == replies[1]:
            break
    return judge(prompt, [one for one in dict.fromkeys(replies) if one], rewarder)


def judge(prompt: Prompted, replies: Sequence[str], rewarder: Rewarder | None) -> list[Judged]:
    """The replies with their rewards. Without `rewarder` what is known to be right decides alone."""
    drafts = [read_reply(one) for one in replies]
    rewards = (
        rewarder.score_all(prompt.query, prompt.quotes, drafts)
        if rewarder is not None
        else [Reward(0.0) for _ in drafts]
    )
    judged = []
    for reply, said, reward in zip(replies, drafts, rewards, strict=True):
        gold = quality(outcome_of(prompt, said))
        # To decline has no sentences, so the rewards say nothing of it; they may not mark it down.
        merged = gold if rewarder is None or not said else reward.value
        value = GOLD_SHARE * gold + (1 - GOLD_SHARE) * merged
        judged.append(Judged(reply, round(value, 4), gold, round(reward.value, 4), reward.refused))
    return judged


def quote_reply(prompt: Prompted, number: int) -> str:
    """A quote as a reply, by its number from 0: what would be written with nothing but copying."""
    text = " ".join(prompt.quotes[number].text.split())
    return TUNED_SENTENCE.format(sentence=text, number=number + 1)


def read_reply(reply: str) -> tuple[Sentence, ...]:
    """Its sentences with the numbers that they cite; none where it declines."""
    drafts = Drafts()
    said = [*drafts.feed(reply)[0], *drafts.end()]
    return () if declines(said) or reply.strip() == NOT_FOUND else tuple(said)


def outcome_of(prompt: Prompted, said: Sequence[Sentence]) -> Outcome:
    """What was written, as it is judged."""
    sentences = tuple(Said(one.text, tuple(_cited(prompt, one))) for one in said)
    return Outcome(prompt.wanted, bool(said), sentences)


def draft_on(
    file: Path,
    prompts: Iterable[Prompted],
    model: LocalGenerator,
    rewarder: Rewarder | None,
    settings: DraftSettings,
    show: Show,
) -> int:
    """Write a line a prompt, without those that are there; how many there are now.

    A line is what models/answer_policy/data.py reads, each draft also with what it was judged by.
    """
    known = read_keys(file)
    with file.open("a", encoding="utf-8") as stream:
        for prompt in prompts:
            if time.monotonic() >= settings.until:
                break
            if prompt.wanted.key in known or not prompt.quotes:
                continue
            drafts = draft(prompt, model, rewarder, settings)
            row = {
                "prompt": prompt_of(prompt),
                "drafts": [asdict(one) for one in drafts],
                "article": prompt.article,
                "language": prompt.query.language,
                "key": prompt.wanted.key,
            }
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            stream.flush()
            known.add(prompt.wanted.key)
            best = max((one.gold for one in drafts), default=0.0)
            show(len(known), f"{prompt.query.language} {len(drafts)} drafts, the best {best:.2f}")
    return len(known)


def read_keys(file: Path) -> set[str]:
    """The keys of the lines of a file; a line that was torn at the end is cut off."""
    if not file.is_file():
        return set()
    text = file.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, "utf-8")
    return {str(json.loads(line)["key"]) for line in whole.splitlines()}


def prompt_of(prompt: Prompted) -> str:
    """The prompt as the tuned model reads it, letter by letter."""
    messages = _messages(prompt, tuned=True)
    return render_chatml([Message(one.role, strip_controls(one.content)) for one in messages])


def _messages(prompt: Prompted, *, tuned: bool) -> list[Message]:
    return build_messages(prompt.query, [prompt_text(one) for one in prompt.quotes], tuned=tuned)


def _cited(prompt: Prompted, said: Sentence) -> Iterable[Cited]:
    for number in said.cited:
        if 0 < number <= len(prompt.quotes):
            yield Cited(prompt.names[number - 1], prompt.quotes[number - 1].text)
