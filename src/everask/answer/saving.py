"""Whether a language model is worth asking: not where quotes say it already, nor where nothing would hold.

By the process reward of the chosen quotes, which says how likely one of the first three holds the answer
(models/process_reward; bench/process.py has what is saved and what it costs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from everask.answer.prompts import AnswerSettings
from everask.trajectory import Step
from everask.types import Evidence, Query

SURE = 0.9
"""From this score of the chosen quotes on, the best of them is the answer."""
HOPELESS = 0.15
"""Below it, what a model wrote would hardly be right."""
MOST_CHARACTERS = 400
"""A longer quote is worth shortening."""


@dataclass(frozen=True, slots=True)
class ProcessSettings:
    """What is done by how good the steps of an answer look.

    `save_drafts` leaves the language model out where the quotes surely answer, or surely do not.
    `search_again` looks with other words, in other languages and further down where what was found has a
    score below `again_below`.
    """

    save_drafts: bool = False
    search_again: bool = False
    again_below: float = 0.3


def needs_draft(
    query: Query, evidence: Sequence[Evidence], steps: Sequence[Step], settings: AnswerSettings
) -> bool:
    """Whether a model should write. It should, too, where nothing scored the choice of quotes."""
    score = next((one.score for one in reversed(steps) if one.kind == "choose"), None)
    if score is None or not evidence:
        return True
    quote = evidence[0]
    if score < HOPELESS and sum(one.probability for one in evidence) < settings.answer_above:
        return False
    is_own = query.language in (quote.hit.passage.language, "und")
    is_plain = quote.hit.passage.kind != "table" and len(quote.text) <= MOST_CHARACTERS
    return not (score >= SURE and is_own and is_plain)
