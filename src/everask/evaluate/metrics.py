"""How good a ranking is, by ir-measures: the same figures as trec_eval's. Knows runs and judgements only."""

from __future__ import annotations

from collections.abc import Mapping

from everask.errors import MissingExtraError
from everask.evaluate.suite import Suite

Run = Mapping[str, Mapping[str, float]]
Judgements = Mapping[str, Mapping[str, int]]

NAMES = ("nDCG@10", "R@10", "R@100", "RR@10", "Success@1")
OWN_FIRST = "own first"


def measure(run: Run, judgements: Judgements, names: tuple[str, ...] = NAMES) -> dict[str, float]:
    """Mean of each metric over the judged queries; a query without results counts as 0."""
    each = measure_each(run, judgements, names)
    return {name: mean(values) for name, values in each.items()}


def measure_each(
    run: Run, judgements: Judgements, names: tuple[str, ...] = NAMES
) -> dict[str, dict[str, float]]:
    """Each metric by query."""
    try:
        import ir_measures
    except ImportError as error:
        raise MissingExtraError("Measuring search quality", "evaluate") from error
    parsed = {str(measured): measured for measured in map(ir_measures.parse_measure, names)}
    values = {name: dict.fromkeys(judgements, 0.0) for name in parsed}
    judged = {query: dict(grades) for query, grades in judgements.items()}
    ranked = {query: dict(scores) for query, scores in run.items() if query in judged}
    for metric in ir_measures.iter_calc(list(parsed.values()), judged, ranked):
        values[str(metric.measure)][metric.query_id] = float(metric.value)
    return values


def own_language_first(suite: Suite, run: Run) -> dict[str, float]:
    """1 where the first hit is a right one in the asker's language, else 0; of queries that have such."""
    found: dict[str, float] = {}
    for key, query in suite.queries.items():
        own = {
            passage
            for passage, grade in suite.judgements[key].items()
            if grade > 0 and passage in suite.passages and suite.passages[passage].language == query.language
        }
        if own:
            scores = run.get(key, {})
            first = max(scores, key=lambda passage: scores[passage], default="")
            found[key] = float(first in own)
    return found


def mean(values: Mapping[str, float]) -> float:
    """The mean over queries; 0 without any."""
    return sum(values.values()) / max(1, len(values))
