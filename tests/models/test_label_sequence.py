"""Labels that go together: seen sets, paths, and the decoder on made data."""

from __future__ import annotations

import numpy as np

from everask.models.label_sequence.decoder import decode, fit_decoder
from everask.models.label_sequence.model import choose_sets, learn_sets, parents_of, path_of

SETS = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]], bool)


def test_a_set_that_was_seen_is_chosen() -> None:
    seen = learn_sets(np.repeat(SETS, (5, 3, 2), axis=0))
    assert len(seen.sets) == 3
    alone = np.array([[0.9, 0.4, 0.1, 0.1], [0.1, 0.1, 0.3, 0.6]])
    assert np.array_equal(choose_sets(alone, seen), SETS[[0, 2]])
    unsure = np.array([[0.5, 0.5, 0.5, 0.5]])
    assert np.array_equal(choose_sets(unsure, seen), SETS[[0]]), "the most frequent of what is alike"


def test_paths_name_what_is_above() -> None:
    assert parents_of("Money › Invoices› Paid") == ["money", "money›invoices"]
    assert parents_of("Money") == [] and path_of(" Money ›  Big  Ones") == "money›big ones"


def test_the_decoder_learns_sets_and_repeats_no_label() -> None:
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 3, 240)
    centres = draw.normal(size=(3, 8))
    rows = centres[kinds] + draw.normal(0, 0.2, (240, 8))
    decoder = fit_decoder(rows[:200], SETS[kinds[:200]], (rows[200:], SETS[kinds[200:]]), 0, 12)
    for beam in (1, 4):
        found = decode(decoder, rows[200:], beam)
        assert np.mean((found == SETS[kinds[200:]]).all(axis=1)) > 0.9
        assert found.any(axis=1).all()
    assert decoder.single(rows[:3]).shape == (3, 4)
