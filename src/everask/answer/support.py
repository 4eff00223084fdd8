"""What the learned checker is asked: a sentence, and the words that should support it with what names them.

    prepare(checker, [sentence, …], quotes)      # every sentence with every quote, in one go
    check(sentence, (quote,), query, cosine, checker)     # now costs nothing

Knows the form of the checker's text, not the rules beside it (check.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from everask.encoder.checker import Checker
from everask.types import Evidence


def prepare(checker: Checker | None, sentences: Sequence[str], evidence: Iterable[Evidence]) -> None:
    """Check all sentences against each piece of evidence at once, over the processor's cores.

    The checker remembers what it said, so that `check` asks nothing again. Nothing to do without one.
    """
    if checker is not None:
        texts = [support_text((one,)) for one in evidence]
        checker.check([(sentence, text) for sentence in sentences for text in texts])


def support_text(evidence: tuple[Evidence, ...]) -> str:
    """The quotes, each below the heading or title that says what it is about; rows with headers."""
    return "\n".join(_below_heading(one) for one in evidence)


def _below_heading(evidence: Evidence) -> str:
    passage = evidence.hit.passage
    if passage.kind == "table" and evidence.context:
        return evidence.context
    heading = evidence.context or evidence.hit.document.title
    return f"{heading}\n{evidence.text}" if heading else evidence.text
