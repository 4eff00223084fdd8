"""What is known after each step of an answer but its sentences: rewriting, finding, choosing, stopping.

Cheap: words, figures and scores that are there already; no model is asked. Knows nothing of what the features
are worth (models/process_reward), nor of what is done about it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from everask.answer.decide import chance_of_answer
from everask.answer.steps import logit_of
from everask.read import cues
from everask.read.features import coverage, differs
from everask.text import analyse, analyse_query
from everask.text.telling import weigh
from everask.trajectory import Step, StepKind
from everask.types import Answer, Evidence, Hit, Query

_NUM_RAREST = 3
_MOST_MISSING = 3
_NUM_LOOKED_AT = 8
Features = dict[str, float]


def rewrite_step(asked: str, query: Query, hits: Sequence[Hit]) -> Step:
    """A question that was completed by what was said before: `asked` is what was typed, `query` what was made
    of it, `hits` what that found."""
    typed = set(analyse_query(asked, query.language))
    words = weigh(analyse_query(query.text, query.language))
    own = {word: weight for word, weight in words.items() if word in typed}
    carried = {word: weight for word, weight in words.items() if word not in typed}
    covered = [
        (coverage(own, tokens), coverage(carried, tokens)) for tokens in map(_tokens, hits[:_NUM_LOOKED_AT])
    ]
    features = {
        "carried": sum(carried.values()) / max(sum(words.values()), 1e-9),
        "typed": math.log1p(sum(own.values())),
        "typed first": covered[0][0] if covered else 0.0,
        "carried first": covered[0][1] if covered else 0.0,
        "together": max((min(each) for each in covered), default=0.0),
        "score": hits[0].score if hits else 0.0,
        "dense": max((one.channels.get("dense", 0.0) for one in hits), default=0.0),
        "lexical": max((one.channels.get("lexical", 0.0) for one in hits), default=0.0),
    }
    return Step("rewrite", features, "rewritten")


def retrieve_step(query: Query, hits: Sequence[Hit], way: str) -> Step:
    """What a search found; `way` names the search."""
    words = weigh(analyse_query(query.text, query.language))
    rarest = dict(sorted(words.items(), key=lambda item: -item[1])[:_NUM_RAREST])
    tokens = [_tokens(one) for one in hits[:_NUM_LOOKED_AT]]
    scores = [one.score for one in hits]
    dense = [one.channels.get("dense", 0.0) for one in hits]
    lexical = [one.channels.get("lexical", 0.0) for one in hits]
    first = hits[0] if hits else None
    features = {
        "hits": float(len(hits)),
        "words": math.log1p(sum(words.values())),
        "score": scores[0] if scores else 0.0,
        **_lead("score", scores),
        "dense": max(dense, default=0.0),
        **_lead("dense", sorted(dense, reverse=True)),
        "lexical": max(lexical, default=0.0),
        **_lead("lexical", sorted(lexical, reverse=True)),
        "agree": float(bool(hits) and dense.index(max(dense)) == lexical.index(max(lexical)) == 0),
        "covered first": coverage(words, tokens[0]) if tokens else 0.0,
        "covered": max((coverage(words, one) for one in tokens), default=0.0),
        "rarest first": coverage(rarest, tokens[0]) if tokens else 0.0,
        "rarest": max((coverage(rarest, one) for one in tokens), default=0.0),
        "across": float(first is not None and differs(query.language, first.passage.language)),
        "own": sum(not differs(query.language, one.passage.language) for one in hits) / max(1, len(hits)),
        "remembered": max((one.channels.get("memory", 0.0) for one in hits), default=0.0),
        "missing": _missing(query.text, first.passage.text) if first else float(_MOST_MISSING),
    }
    return Step("retrieve", features, way)


def choose_step(query: Query, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> Step:
    """Which sentences of `hits` were taken as evidence, best first."""
    chance = chance_of_answer(evidence)
    shares = [one.probability / max(chance, 1e-9) for one in evidence]
    first = evidence[0] if evidence else None
    words = weigh(analyse_query(query.text, query.language))
    said = set(analyse(first.text, first.hit.passage.language)) if first else set()
    ranks = {one.passage.id: at for at, one in enumerate(hits)}
    rank = ranks.get(first.hit.passage.id, len(hits)) if first else len(hits)
    others = [one.probability for one in evidence if first and one.hit.passage.id != first.hit.passage.id]
    features = {
        "chance": logit_of(chance),
        "first": logit_of(first.probability if first else 0.0),
        "share": shares[0] if shares else 0.0,
        "spread": -sum(one * math.log(max(one, 1e-9)) for one in shares),
        "other passage": max(others, default=0.0) / max(first.probability if first else 0.0, 1e-9),
        "passages": float(len({one.hit.passage.id for one in evidence[:3]})),
        "covered": coverage(words, said),
        "covered around": coverage(words, _tokens(first.hit)) if first else 0.0,
        "across": float(first is not None and differs(query.language, first.hit.passage.language)),
        "rank": float(rank),
        "no figure": float(first is not None and _lacks_figure(query.text, first.text)),
        "missing": _missing(query.text, first.hit.passage.text) if first else float(_MOST_MISSING),
        "length": math.log1p(len(first.text)) if first else 0.0,
        "table": float(first is not None and first.hit.passage.kind == "table"),
        "score": first.hit.score if first else 0.0,
        "dense": first.hit.channels.get("dense", 0.0) if first else 0.0,
    }
    return Step("choose", features)


def in_view(step: Step, before: Sequence[Step]) -> Step:
    """A sentence's step, or its citation's, with how likely the search and the choice of quotes `before` it
    were right: no sentence is better than they. Others as they are."""
    if step.kind not in ("sentence", "cite"):
        return step
    return replace(step, features={**step.features, **_before(before)})


def stop_step(answer: Answer, steps: Sequence[Step]) -> Step:
    """That nothing more was done: the answer as it is, after `steps` that were scored."""
    kept = [logit_of(one.score or 0.0) for one in steps if one.kind == "sentence" and one.claim is not None]
    cited = [logit_of(one.score or 0.0) for one in steps if one.kind == "cite" and one.claim is not None]
    dropped = sum(one.kind == "sentence" and one.outcome == "dropped" for one in steps)
    # What speaks for an answer speaks against having declined.
    sign = -1.0 if answer.abstained else 1.0
    features = {
        "chance": sign * logit_of(answer.chance),
        **{name: sign * value for name, value in _before(steps).items()},
        "abstained": float(answer.abstained),
        "claims": float(min(3, len(answer.claims))),
        "dropped": float(min(3, dropped)),
        "written": float(answer.model is not None),
        "first": kept[0] if kept else 0.0,
        "sentence": max(kept, default=0.0),
        "weakest": min(kept, default=0.0),
        "cited": max(cited, default=0.0),
    }
    return Step("stop", features, "abstained" if answer.abstained else "answered")


def _before(steps: Sequence[Step]) -> Features:
    """How the last search and the last choice of quotes were scored; nothing of one that was not."""
    scores = {one.kind: one.score for one in steps}
    names: dict[StepKind, str] = {"retrieve": "found", "choose": "chosen"}
    known = ((name, scores.get(kind)) for kind, name in names.items())
    return {name: logit_of(score) for name, score in known if score is not None}


def _tokens(hit: Hit) -> set[str]:
    passage = hit.passage
    return set(analyse(" ".join([*passage.headings, passage.text, hit.document.title]), passage.language))


def _lead(name: str, ranked: Sequence[float]) -> Features:
    """How far the first is before the second, and before the eighth."""
    first = ranked[0] if ranked else 0.0
    second = ranked[1] if len(ranked) > 1 else 0.0
    eighth = ranked[min(len(ranked), _NUM_LOOKED_AT) - 1] if ranked else 0.0
    return {f"{name} lead": first - second, f"{name} far": first - eighth}


def _missing(question: str, text: str) -> float:
    wanted, said = cues.names(question) | cues.figures(question), text.casefold()
    return float(min(_MOST_MISSING, sum(one not in said for one in wanted)))


def _lacks_figure(question: str, text: str) -> bool:
    return cues.asks_number(question) and not cues.figures(text) - cues.figures(question)
