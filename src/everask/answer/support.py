"""What the learned checker is asked: a sentence, and the words that should support it with what names them.

    prepare(checker, [sentence, …], quotes)      # every sentence with every quote, in one go
    check(sentence, (quote,), query, cosine, checker)     # now costs nothing

Knows the form of the checker's text, not the rules beside it (check.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from everask.encoder.checker import Calibration, Checker, logistic
from everask.types import Evidence

SURE_ABOVE = 0.9
"""From this support on no word of a sentence is said to be weak."""

# Of the checker's logit, of what the rules give, and a constant: dev/ship_checker.py fits them, on made
# pairs of articles that training held out, none of the reporting half.
SHIPPED = Calibration((0.995, 2.669, -1.974), (0.822, 1.506, -0.723))
# What a name or denial in doubt takes off the logit. On judged pairs such a doubt told nothing that the
# checker did not know; so much is kept since a wrong name that is shown costs more (models/checker/card.md).
_DOUBT = 1.5


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


def blend_logit(
    logit: float, rules: float, *, same: bool, in_doubt: bool = False, calibration: Calibration | None = None
) -> float:
    """The chance that a sentence is supported, from the checker's logit and from the words (or, in another
    language than the quote's, the cosine) that the rules compare; calibrated. `in_doubt`: names or denials
    differ. Without a `calibration`, as it ships."""
    by = calibration or SHIPPED
    of_logit, of_rules, constant = by.same if same else by.across
    return logistic(of_logit * logit + of_rules * rules + constant - _DOUBT * in_doubt)
