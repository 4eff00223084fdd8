"""What is said to a language model that completes a question, and the grammar of its reply.

Every prompt begins alike, so that its computation is kept. Turns are data: one line each, bounded, without
control tokens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from everask.generator import Message
from everask.types import Turn

SYSTEM = (
    "Complete the last question so that it is understood without the conversation. Put in the names that it"
    " leaves out or points to. Keep its meaning and its language. Do not answer it."
)
EXAMPLES = (
    (
        "Q: How long is the warranty of the X200?\nA: It lasts 24 months.\nQ: And of its battery?",
        "How long is the warranty of the battery of the X200?",
    ),
    (
        "Q: Wer leitet die Stadtbibliothek?\nA: Frau Kern.\nQ: Wann ist sie geöffnet?",
        "Wann ist die Stadtbibliothek geöffnet?",
    ),
    ("Q: 护照多久有效？\nA: 十年。\nQ: 费用呢？", "护照的费用是多少？"),
)
QUESTION = "Q: {question}"
ANSWER = "A: {answer}"
REPLY_TOKENS = 72
_ANSWER_CHARACTERS = 200
_QUESTION_CHARACTERS = 300
_MARKUP = re.compile(r"[<>\[\]`*|\n]+")


def build_messages(text: str, turns: Sequence[Turn]) -> list[Message]:
    """The chat that asks for `text` completed by `turns`, oldest first."""
    lines: list[str] = []
    for turn in turns:
        lines.append(QUESTION.replace("{question}", _one_line(turn.question, _QUESTION_CHARACTERS)))
        if turn.answer:
            lines.append(ANSWER.replace("{answer}", _one_line(turn.answer, _ANSWER_CHARACTERS)))
    lines.append(QUESTION.replace("{question}", _one_line(text, _QUESTION_CHARACTERS)))
    messages = [Message("system", SYSTEM)]
    for asked, completed in EXAMPLES:
        messages += [Message("user", asked), Message("assistant", completed)]
    return [*messages, Message("user", "\n".join(lines))]


def build_grammar() -> str:
    """GBNF: one line of plain text; a question mark ends it."""
    return 'root ::= text end?\ntext ::= [^?？؟<>\\[\\]`*|\\n]+\nend ::= "?" | "？" | "؟"\n'


def _one_line(text: str, most: int) -> str:
    line = " ".join(_MARKUP.sub(" ", text).split())
    return line if len(line) <= most else line[: most - 1] + "…"
