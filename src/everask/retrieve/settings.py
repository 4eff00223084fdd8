"""How search weighs its candidates."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetrieveSettings:
    """Weights tuned on one half of the articles of the development suites; see docs/benchmarks.md.

    `num_candidates` come from each channel. `lexical_weight` is how much a perfect match of words is
    worth against a cosine of 1; `unspaced_weight` the same for languages whose words are looked for as
    pairs of characters, of which even a right passage holds few. Both are halved for a query whose words
    could reach a BM25 of `doubt`, and count in full for a long one. `foreign_credit` is the share of the
    words that a passage in another language is taken to match, less for one or two words, which are
    looked for as they stand; `own_language_bonus` what being in the asker's language is worth, among equals.
    """

    num_candidates: int = 100
    lexical_weight: float = 1.0
    unspaced_weight: float = 2.0
    doubt: float = 40.0
    foreign_credit: float = 0.3
    own_language_bonus: float = 0.02
