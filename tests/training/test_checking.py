"""After an upgrade: what was learned serves on while it is no worse than what ships, else it is set aside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from tests.training.people import NAMES, say

from everask.errors import UsageError
from everask.index.learned import Learned, Lineage, find_learned, put_learned
from everask.pipeline import Engine, learning
from everask.pipeline.jobs import list_jobs
from everask.pipeline.learning import OVERTAKEN, UPGRADED, look_at_learning, promote, roll_back, start_check
from everask.pipeline.promotion import can_roll_back, in_use, list_changes
from everask.pipeline.upgrades import shipped_ranker, to_check
from everask.retrieve.fuse import Fusion, load_fusion, write_fusion
from everask.retrieve.in_use import fusion_in_use
from everask.training.gate import Asked, confirm

PROGRAM = [sys.executable, "-m", "tests.training.small", "check"]


def learn(engine: Engine, times: float, shipped: str) -> None:
    """Weights that serve: those that ship, so many times, learned beside weights that shipped once."""
    fusion = load_fusion()
    weights = write_fusion(Fusion({key: times * one for key, one in fusion.weights.items()}, fusion.twin))
    card: dict[str, Any] = {"why": "It is better.", "weights": weights, "shipped": shipped}
    with engine.store.database.writing() as connection:
        put_learned(connection, Learned("ranker-1", "ranker", 1.0, "kept", card=card), Lineage())
    promote(engine.store, "ranker-1")


def check(engine: Engine) -> dict[str, Any]:
    command = [*PROGRAM, "--json", "--data", str(engine.settings.data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def stale(engine: Engine) -> str:
    (_, ranker, *_) = look_at_learning(engine.store)
    return next(one.stale for one in ranker.history if one.name == "ranker-1")


def test_what_is_no_worse_serves_on_and_is_not_compared_twice(engine: Engine) -> None:
    say(engine.store, NAMES)
    learn(engine, 1.0, "of an older one")
    assert stale(engine) == UPGRADED and to_check(engine.store) is not None
    found = check(engine)
    assert found["status"] == "kept" and found["message"].startswith("ranker-1 serves on: "), found
    assert found["kinds"]["asked"]["num_questions"] >= 10
    assert in_use(engine.store, "ranker") == "ranker-1" and stale(engine) == ""
    assert to_check(engine.store) is None and not start_check(engine.store)
    assert check(engine)["message"] == "Nothing that was learned needs a check."
    with engine.store.database.reading() as connection:
        assert find_learned(connection, "ranker-1").card["checked"]["shipped"] == shipped_ranker()
    assert len(list_jobs(engine.settings.data)) == 1


def test_what_is_worse_is_set_aside_and_comes_back_by_rollback(engine: Engine) -> None:
    say(engine.store, NAMES, target="asked")  # people agree with search as it ships
    learn(engine, -1.0, "of an older one")
    assert fusion_in_use(engine.store) != load_fusion(), "until it is compared it serves"
    found = check(engine)
    assert found["status"] == "refused" and "ranker-1 is set aside. It is worse: " in found["message"], found
    assert fusion_in_use(engine.store) == load_fusion() and in_use(engine.store, "ranker") is None
    assert stale(engine) == OVERTAKEN and can_roll_back(engine.store, "ranker")
    assert next((one.what, one.name) for one in list_changes(engine.store)) == ("set aside", "ranker-1")
    back = roll_back(engine.store, "ranker")
    assert back is not None and back.name == "ranker-1" and in_use(engine.store, "ranker") == "ranker-1"
    assert to_check(engine.store) is None, "somebody wanted it back"
    assert roll_back(engine.store, "ranker") is None and not can_roll_back(engine.store, "ranker")
    with pytest.raises(UsageError, match="nothing to roll back"):
        roll_back(engine.store, "ranker")


def test_a_server_compares_only_after_an_upgrade(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(learning, "start_in_background", lambda data, module, log: started.append(module))
    assert not start_check(engine.store), "nothing was learned"
    learn(engine, 1.0, shipped_ranker())
    assert not start_check(engine.store) and stale(engine) == ""
    learn(engine, 1.0, "of an older one")
    assert start_check(engine.store)
    assert [one[:2] for one in started] == [["everask.training", "check"]]


def test_no_worse_is_enough_and_guards_hold() -> None:
    same = [Asked("asked", "en", 0.5, 0.5)] * 20
    assert confirm(same).is_kept
    assert not confirm([*same, Asked("asked", "en", 0.5, 0.4)]).is_kept
    made = [Asked("made", "en", 0.9, 0.2)] * 40
    verdict = confirm([*same, *made])
    assert not verdict.is_kept and "questions of the kind made" in verdict.why
    assert confirm([Asked("asked", "en", 0.1, 0.9)] * 20).is_kept
