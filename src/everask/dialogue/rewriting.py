"""A follow-up question as one that stands alone: left as it is, completed by a model, or by its words.

A model's rewrite is used only where it names nothing and counts nothing that was not said, and keeps what
was asked; else the words of the last question are carried over. Knows nothing of documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from everask.dialogue.carrying import carry_over
from everask.dialogue.leaning import language_in, leans, naming_words
from everask.dialogue.prompts import REPLY_TOKENS, build_grammar, build_messages
from everask.errors import ModelError
from everask.generator import Generator
from everask.generator.chat import strip_controls
from everask.text import analyse, analyse_query
from everask.types import Turn

MAX_TURNS = 4
"""Turns that are looked at: the last ones."""
MAX_TURN_CHARACTERS = 2_000
_MIN_KEPT = 0.6
_MIN_SAID = 0.7
_MAX_LONGER = 3
_ASKING = ("?", "？", "؟")
_DIGITS = re.compile(r"\d+")
_NAME = re.compile(r"[^\W\d_]*[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ]\w*")


def follows_on(text: str, history: Sequence[Turn]) -> bool:
    """Whether a question leans on what was said before, so that it must be completed."""
    return bool(history) and leans(text, language_in(text, history))


def stand_alone(
    text: str,
    history: Sequence[Turn],
    generator: Generator | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> str:
    """The question as it is understood without `history` (oldest first); unchanged if it already is."""
    turns = completed(history)
    if not turns:
        return text
    language = language_in(text, turns)
    if not leans(text, language):
        return text
    if generator is not None:
        rewritten = rewrite(text, turns, generator, cancelled)
        if rewritten is not None and fits(rewritten, text, turns, language):
            return rewritten
    return carry_over(text, turns[-1].question, language)


def completed(history: Sequence[Turn]) -> list[Turn]:
    """The last turns, cut to a size, each question completed by the ones before it."""
    turns: list[Turn] = []
    for turn in history[-MAX_TURNS:]:
        question = " ".join(turn.question[:MAX_TURN_CHARACTERS].split())
        if not question:
            continue
        if turns:
            language = language_in(question, turns)
            if leans(question, language):
                question = carry_over(question, turns[-1].question, language)
        turns.append(Turn(question, " ".join(turn.answer[:MAX_TURN_CHARACTERS].split())))
    return turns


def rewrite(
    text: str, turns: Sequence[Turn], generator: Generator, cancelled: Callable[[], bool] | None = None
) -> str | None:
    """What the model makes of it, on one line; None where it fails."""
    try:
        pieces = generator.stream(
            build_messages(text, turns),
            max_tokens=REPLY_TOKENS,
            grammar=build_grammar(),
            stop=("\n",),
            cancelled=cancelled,
        )
        written = "".join(pieces)
    except ModelError:
        return None  # the question can still be asked; what writes the answer will say what failed
    line = " ".join(strip_controls(written).split())
    return line.removeprefix("Q:").strip() or None


def fits(rewritten: str, text: str, turns: Sequence[Turn], language: str) -> bool:
    """Whether a rewrite asks what was asked, and only of what was said."""
    said = " ".join([text, *(f"{turn.question} {turn.answer}" for turn in turns)])
    if len(rewritten) > _MAX_LONGER * max(len(text), len(turns[-1].question)):
        return False
    if text.endswith(_ASKING) and not rewritten.endswith(_ASKING):
        return False  # an answer
    if not set(_DIGITS.findall(rewritten)) <= set(_DIGITS.findall(said)):
        return False
    lowered = said.lower()
    if any(name.lower() not in lowered for name in _NAME.findall(rewritten)[1:]):
        return False
    made = set(_tokens(rewritten, language))
    if any(made == set(_tokens(turn.question, language)) for turn in turns):
        return False  # a question before, once more
    if made <= set(_tokens(text, language)) or leans(rewritten, language):
        return False  # nothing was added, or too little
    return (
        _share(_tokens(text, language), set(analyse(rewritten, language))) >= _MIN_KEPT
        and _share(_tokens(rewritten, language), set(analyse(said, language))) >= _MIN_SAID
    )


def _tokens(text: str, language: str) -> list[str]:
    """The tokens of the words that name something."""
    spans = naming_words(text, language)
    found = (analyse_query(text[start:end], language)[:1] for start, end in spans)
    return sorted({token for one in found for token in one})


def _share(wanted: list[str], there: set[str]) -> float:
    return sum(one in there for one in wanted) / len(wanted) if wanted else 1.0
