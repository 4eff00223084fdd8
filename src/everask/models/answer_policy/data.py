"""Drafts of answers with their rewards, as JSON lines; and what is learned from them: the best, or pairs.

From documents, or from what people voted (card.md has the form). Knows nothing of how a reward is made.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from everask.errors import TrainingError
from everask.train.writer_tokens import Tokens

MOST_TOKENS = 520
LEAST_MARGIN = 0.1
"""By so much must one draft be better than another, to be preferred: rewards are noisy."""
ENOUGH = 0.5
"""A draft worth copying is at least as good as the plain quotes."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written, and its reward, 0..1: 0.5 is as good as the plain quotes, 0 if a gate refused it."""

    reply: str
    reward: float


@dataclass(frozen=True, slots=True)
class Drafted:
    """A prompt as the model reads it, and its drafts. The `article` says whose half it is of."""

    prompt: str
    drafts: tuple[Draft, ...]
    article: str
    language: str
    key: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A prompt's tokens, a reply that is wanted, and one that is wanted less, both with the token that ends.

    Of a single vote one of the two is empty. `worth` weighs it: the advantage of a draft over its fellows.
    """

    prompt: tuple[int, ...]
    wanted: tuple[int, ...]
    unwanted: tuple[int, ...]
    worth: float = 1.0


def read_drafts(file: Path) -> list[Drafted]:
    """The drafts of a file. Raises TrainingError where there is none, or a line is none."""
    if not file.is_file():
        raise TrainingError(
            f"There are no drafts at {file}.", "Make them first; models/answer_policy/card.md has their form."
        )
    found: list[Drafted] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            drafts = tuple(Draft(str(one["reply"]), float(one["reward"])) for one in row.pop("drafts"))
            found.append(Drafted(**row, drafts=drafts))
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"Line {number} of {file} is no draft: {error!r}.", "Make the file anew."
            ) from error
    return found


def write_drafts(file: Path, drafted: Iterable[Drafted]) -> None:
    """Keep drafts."""
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in drafted)
    file.write_text("".join(lines), "utf-8")


def best_of(drafted: Sequence[Drafted], tokens: Tokens) -> list[Choice]:
    """Rejection fine-tuning: of each prompt the best draft, where it is good enough."""
    found = []
    for one in drafted:
        best = max(one.drafts, key=lambda draft: draft.reward, default=None)
        if best is not None and best.reward >= ENOUGH:
            found.append(_choice(one, best.reply, "", tokens))
    return _short(found)


def pairs_of(drafted: Sequence[Drafted], tokens: Tokens) -> list[Choice]:
    """Preferences: of each prompt the best draft before the worst, where they differ enough."""
    found = []
    for one in drafted:
        ranked = sorted(one.drafts, key=lambda draft: draft.reward)
        if len(ranked) > 1 and ranked[-1].reward - ranked[0].reward >= LEAST_MARGIN:
            found.append(_choice(one, ranked[-1].reply, ranked[0].reply, tokens))
    return _short(found)


def votes_of(drafted: Sequence[Drafted], tokens: Tokens) -> list[Choice]:
    """Single votes: every draft by itself, wanted from ENOUGH on."""
    made = [
        _choice(one, *((draft.reply, "") if draft.reward >= ENOUGH else ("", draft.reply)), tokens)
        for one in drafted
        for draft in one.drafts
    ]
    return _short(made)


def advantages_of(drafted: Sequence[Drafted], tokens: Tokens) -> list[Choice]:
    """REINFORCE, leave one out: every draft with its reward above the mean of its fellows (2402.14740)."""
    made = []
    for one in drafted:
        total, others = sum(draft.reward for draft in one.drafts), len(one.drafts) - 1
        for draft in one.drafts if others else ():
            worth = draft.reward - (total - draft.reward) / others
            if worth:
                made.append(_choice(one, draft.reply, "", tokens, worth))
    return _short(made)


def batch_of(choices: Sequence[Choice], number: int, size: int, seed: int) -> list[Choice]:
    """The batch of a step: each once before any comes again, each time in another order."""
    picked: list[Choice] = []
    for place in range(number * size, (number + 1) * size):
        order = list(range(len(choices)))
        random.Random(seed * 1009 + place // len(choices)).shuffle(order)
        picked.append(choices[order[place % len(choices)]])
    return picked


def _choice(one: Drafted, wanted: str, unwanted: str, tokens: Tokens, worth: float = 1.0) -> Choice:
    def cut(text: str) -> tuple[int, ...]:
        return (*tokens.cut(text), tokens.end) if text else ()

    return Choice(tuple(tokens.cut(one.prompt)), cut(wanted), cut(unwanted), worth)


def _short(choices: Iterable[Choice]) -> list[Choice]:
    """Those that are learned soon."""
    return [
        one for one in choices if len(one.prompt) + max(len(one.wanted), len(one.unwanted)) <= MOST_TOKENS
    ]
