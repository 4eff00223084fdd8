"""Topics from descriptions that people write: no labels, then a few corrections, then many."""
