"""kill -9 at random moments: what was acknowledged is there, once; what is gone is gone; nothing is half."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.index import crash

from everask.index import Store, dense

NUM_KILLS = 12
SEED = 20


def test_kills_at_random_moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "MIN_DERIVED", 60)
    monkeypatch.setattr(dense, "MIN_GRAPH", 150)
    source = random.Random(SEED)
    state, done = crash.State(), -1
    for kill in range(NUM_KILLS):
        last, _ = crash.start_and_kill(tmp_path / "data", SEED, done + 1, source)
        for number in range(done + 1, last + 1):
            state = crash.follow(state, crash.plan(SEED, number))
        done = last
        with Store.open(tmp_path / "data") as store:
            unacknowledged = crash.follow(state, crash.plan(SEED, done + 1))
            if not crash.matches(store, state) and crash.matches(store, unacknowledged):
                state, done = unacknowledged, done + 1
            assert crash.problems_of(store, state, source) == [], f"kill {kill} after step {done}"
            if kill % 4 == 0:
                store.maintain(crash.ENCODER, {})
                assert crash.problems_of(store, state, source) == []
    assert done > NUM_KILLS, "too few steps were done to say anything"
