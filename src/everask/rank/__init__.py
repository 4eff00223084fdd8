"""Puts found passages in a better order by asking the question of each. Knows not where they were found."""

from everask.rank.rank import RankSettings, rank

__all__ = ["RankSettings", "rank"]
