"""What is known of a sentence when it is judged: the features of two steps, the sentence and its citation.

Figures are looked at by the tools that check them (figures.py, calculation.py), words by their share. What
the features are worth is models/process_reward's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from everask.answer.calculation import check_calculations
from everask.answer.check import Sentence, Support
from everask.answer.decide import chance_of_answer
from everask.answer.figures import read_figures
from everask.text import analyse, analyse_query
from everask.text.telling import weigh
from everask.trajectory import Step
from everask.types import Claim, Evidence, Query

_MOST_FIGURES = 5
_PROBLEMS = {"figure": "the figure", "name": "the name", "address": "the address", "negation": "one of"}


def judged_steps(
    query: Query,
    sentence: Sentence,
    quotes: Sequence[Evidence],
    supports: Sequence[Support],
    claim: Claim | None,
    place: int,
) -> list[Step]:
    """The steps of a sentence that a model wrote: its `supports` by the `quotes`, and the `claim` that was
    made of it at a `place`, if any."""
    ranked = sorted(range(len(quotes)), key=lambda at: (-supports[at].value, at))
    best = ranked[0]
    second = supports[ranked[1]].value if len(ranked) > 1 else 0.0
    known = {
        "support": supports[best].value,
        "margin": supports[best].value - second,
        "named": float(best + 1 in sentence.cited),
        **{f"no {name}": float(supports[best].problem.startswith(it)) for name, it in _PROBLEMS.items()},
    }
    outcome = "dropped" if claim is None else "quoted" if claim.verbatim else "kept"
    if claim is not None and claim.verbatim:
        return quoted_steps(query, claim, quotes, place)
    return _steps(query, sentence.text, quotes, best, known, (outcome, None if claim is None else place))


def quoted_steps(query: Query, claim: Claim, evidence: Sequence[Evidence], place: int) -> list[Step]:
    """The steps of a quote that stands as a sentence."""
    spans = {(one.document_id, one.start, one.end) for one in claim.citations}
    at = next(
        (at for at, one in enumerate(evidence) if (one.hit.document.id, one.start, one.end) in spans), 0
    )
    known = {"support": 1.0, "margin": 0.0, "named": 1.0, **{f"no {name}": 0.0 for name in _PROBLEMS}}
    return _steps(query, claim.text, evidence, at, known, ("quoted", place))


def _steps(
    query: Query,
    text: str,
    quotes: Sequence[Evidence],
    best: int,
    known: Mapping[str, float],
    outcome: tuple[str, int | None],
) -> list[Step]:
    quote = quotes[best]
    first, chance = quotes[0].probability, chance_of_answer(quotes)
    language = quote.hit.passage.language
    said, asked = set(analyse(text, query.language)), weigh(analyse_query(query.text, query.language))
    telling = {word for word, weight in weigh(said).items() if weight > 0.5}
    figures = read_figures(text, (query.language, "en")).figures
    sums = check_calculations(text)
    cited = {
        "support": known["support"],
        "margin": known["margin"],
        "named": known["named"],
        "probability": logit_of(quote.probability),
        "against first": quote.probability / max(first, 1e-9),
        "chance": logit_of(chance),
        "rank": float(best),
        "score": quote.hit.score / max(max(one.hit.score for one in quotes), 1e-9),
        "across": float(query.language != language),
        "table": float(quote.hit.passage.kind == "table"),
    }
    features = {
        **cited,
        **known,
        "length": math.log1p(len(text)),
        "asked": sum(weight for word, weight in asked.items() if word in said)
        / max(sum(asked.values()), 1e-9),
        "new": len(telling - set(asked)) / max(1, len(telling)),
        "copied": len(said & set(analyse(quote.text, language))) / max(1, len(said)),
        "figures": float(min(_MOST_FIGURES, len(figures))),
        "wrong sums": float(any(not one.is_right for one in sums)),
        "quoted": float(outcome[0] == "quoted"),
        "place": float(outcome[1] or 0),
    }
    return [Step("sentence", features, *outcome), Step("cite", cited, *outcome)]


def logit_of(chance: float) -> float:
    """A chance as a feature, bounded."""
    bounded = min(1 - 1e-4, max(1e-4, chance))
    return math.log(bounded / (1 - bounded))
