"""Questions made from the documents of a pile: written by the language model, or by words without one.

Documents of all languages have their turn. Only what the asker may read is read, and nothing of it is kept.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from everask.answer.wording import LANGUAGE_NAMES
from everask.errors import UsageError
from everask.evaluate.own import Made, find_seeds, is_fair, make_question, spread
from everask.generator import Generator, Message
from everask.index import Store
from everask.index.conditions import Groups
from everask.text import language_of
from everask.types import Passage

WRITE = (
    "Text: {text}\n\nWrite one short question in {language} that this text answers{target}. Use other words"
    " than the text where you can, and name what it is about, for who is asked will not see the text."
    " Write the question alone."
)
TARGET = " with “{answer}”, without saying “{answer}”"
_QUESTION_TOKENS = 60
_LEAST_CHARS, _MOST_CHARS = 6, 300
_MOST_DOCUMENTS = 2_000
_ENDS = ("?", "？", "؟", ";", "。", "?”")
_NO_MARKS = ("th", "zh", "ja")


@dataclass(frozen=True, slots=True)
class OwnQuestion:
    """A question and the passage that it was made of."""

    made: Made
    passage: Passage

    @property
    def key(self) -> str:
        """A name for it."""
        return f"{self.passage.document_id}#{self.passage.start + self.made.start}"


@dataclass(slots=True)
class Budget:
    """How many questions, how long making and asking them may take, and whether it was called off."""

    num: int
    seconds: float = float("inf")
    cancelled: Callable[[], bool] = lambda: False
    started: float = -1.0

    def is_spent(self) -> bool:
        """Whether to stop; the time runs from the first call."""
        if self.started < 0:
            self.started = time.monotonic()
        return self.cancelled() or time.monotonic() - self.started > self.seconds

    def part(self, share: float) -> Budget:
        """The same, with a part of the time, from now on."""
        return Budget(self.num, share * self.seconds, self.cancelled)


def make_questions(
    store: Store, generator: Generator | None, budget: Budget, groups: Groups = None, seed: int = 0
) -> Iterator[OwnQuestion]:
    """At most `budget.num` questions, each of another passage; the same seed draws the same passages.

    Raises UsageError for a pile without documents that the asker may read, ModelError of the generator.
    """
    draw = random.Random(seed)
    made = 0
    for passage in _draw_passages(store, groups, draw):
        if made >= budget.num or budget.is_spent():
            return
        one = _ask_for(passage, generator, draw, budget.cancelled)
        if one is not None:
            made += 1
            yield OwnQuestion(one, passage)


def _draw_passages(store: Store, groups: Groups, draw: random.Random) -> Iterator[Passage]:
    """Passages of prose, one of each document in turn, documents of each language in turn."""
    by_language: dict[str, list[str]] = {}
    for info in store.documents(groups=groups):
        if info.num_passages:
            by_language.setdefault(info.language, []).append(info.id)
    if not by_language:
        raise UsageError("There are no documents to make questions of.", "`everask add` puts some in.")
    families = [draw.sample(ids, len(ids)) for _, ids in sorted(by_language.items())]
    flat = [id for family in families for id in family]
    numbers = {id: at for at, id in enumerate(flat)}
    order = spread([[numbers[id] for id in family] for family in families], _MOST_DOCUMENTS)
    left: dict[int, list[Passage]] = {}
    while order:
        going_on = []
        for at in order:
            if at not in left:
                some = [one for one in store.passages(flat[at], groups) if one.kind != "table"]
                left[at] = draw.sample(some, len(some))
            if left[at]:
                yield left[at].pop()
                going_on.append(at)
        order = going_on


def _ask_for(
    passage: Passage, generator: Generator | None, draw: random.Random, cancelled: Callable[[], bool]
) -> Made | None:
    if generator is None:
        return make_question(passage.text, passage.language, draw)
    seeds = find_seeds(passage.text, passage.language)
    if not seeds:
        return None
    seed = draw.choice(seeds)
    sentence = passage.text[seed.start : seed.end]
    prompt = WRITE.format(
        text=" ".join(passage.asked.split())[:1200],
        language=LANGUAGE_NAMES.get(passage.language, "the language of the text"),
        target=TARGET.format(answer=seed.answer) if seed.answer else "",
    )
    pieces = generator.stream(
        [Message("user", prompt)], max_tokens=_QUESTION_TOKENS, stop=("\n",), cancelled=cancelled
    )
    text = "".join(pieces).strip().strip('"“”«»「」')
    if not _is_question(text, passage.language) or not is_fair(text, seed.answer, sentence, passage.language):
        return None
    return Made(text, passage.language, seed.answer, seed.start, seed.end)


def _is_question(text: str, language: str) -> bool:
    if not _LEAST_CHARS <= len(text) <= _MOST_CHARS:
        return False
    ends = text.endswith(_ENDS) or language in _NO_MARKS
    return ends and (language == "und" or language_of(text) == language)


def languages_of(questions: Sequence[OwnQuestion]) -> dict[str, int]:
    """How many questions there are in each language."""
    counts: dict[str, int] = {}
    for one in questions:
        counts[one.made.language] = counts.get(one.made.language, 0) + 1
    return counts
