"""One score from two: how well the words match, and how near the meaning is.

Scores, not ranks. BM25 is divided by the most that the query could reach, so that a query of which one
name alone was found leans on meaning. A passage in another language cannot hold the query's words: it is
credited what chance gives a passage of the query's own language, else any of those would come before it.
"""

from __future__ import annotations

from collections.abc import Mapping

from everask.retrieve.settings import RetrieveSettings

_UNKNOWN = "und"
_UNSPACED = frozenset({"zh", "ja", "ko", "th", "lo", "km", "my"})


def fuse(
    lexical: Mapping[int, float],
    dense: Mapping[int, float],
    languages: Mapping[int, str],
    asked_in: str,
    settings: RetrieveSettings,
    trust: float = 1.0,
) -> dict[int, float]:
    """The fused score of every candidate. `lexical` is in 0..1, `dense` are cosines; `trust` in 0..1 is
    how much the words of this query can prove.

    A candidate that has no vector yet is taken to be as near as the farthest.
    """
    weight = trust * (settings.unspaced_weight if asked_in in _UNSPACED else settings.lexical_weight)
    # One or two words are looked for as they stand: a passage that has them comes before other languages.
    # The shape was tried on the tuning half: longer questions keep the whole credit.
    credit = settings.foreign_credit * min(1.0, 1.5 * trust) ** 3
    farthest = min(dense.values(), default=0.0)
    fused: dict[int, float] = {}
    for passage in {**lexical, **dense}:
        words = lexical.get(passage, 0.0)
        is_own = asked_in in (_UNKNOWN, languages.get(passage))
        if dense and not is_own:
            words = max(words, credit)
        bonus = settings.own_language_bonus if is_own else 0.0
        fused[passage] = dense.get(passage, farthest) + weight * words + bonus
    return fused
