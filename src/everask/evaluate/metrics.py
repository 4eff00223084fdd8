"""How good a ranking is, by ir-measures: the same figures as trec_eval's. Knows runs and judgements only."""

from __future__ import annotations

from collections.abc import Mapping

from everask.errors import MissingExtraError

Run = Mapping[str, Mapping[str, float]]
Judgements = Mapping[str, Mapping[str, int]]

NAMES = ("nDCG@10", "R@10", "R@100")


def measure(run: Run, judgements: Judgements, names: tuple[str, ...] = NAMES) -> dict[str, float]:
    """Mean of each metric over the judged queries; a query without results counts as 0."""
    each = measure_each(run, judgements, names)
    return {name: sum(values.values()) / max(1, len(values)) for name, values in each.items()}


def measure_each(
    run: Run, judgements: Judgements, names: tuple[str, ...] = NAMES
) -> dict[str, dict[str, float]]:
    """Each metric by query."""
    try:
        import ir_measures
    except ImportError as error:
        raise MissingExtraError("Measuring search quality", "dev") from error
    parsed = {str(measured): measured for measured in map(ir_measures.parse_measure, names)}
    values = {name: dict.fromkeys(judgements, 0.0) for name in parsed}
    judged = {query: dict(grades) for query, grades in judgements.items()}
    ranked = {query: dict(scores) for query, scores in run.items() if query in judged}
    for metric in ir_measures.iter_calc(list(parsed.values()), judged, ranked):
        values[str(metric.measure)][metric.query_id] = float(metric.value)
    return values
