"""`everask train checker`: from votes on sentences to what its logits mean; kept, refused, taken back."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.training.people import NAMES, ROOMS, documents_of, question_of

from everask.answer.support import SHIPPED
from everask.encoder.checker import Calibration
from everask.errors import TrainingError, UsageError
from everask.index.accounts import Accounts
from everask.index.events import append
from everask.index.learned import LEFT, read_lineage
from everask.pipeline import Engine
from everask.pipeline.jobs import list_jobs
from everask.pipeline.learning import UPGRADED, Learning, look_at_learning, promote, roll_back
from everask.quoted import QuotedPlace, ShownSentence
from everask.training.checker import Seen, compare, fit, fit_best, read_cases
from everask.training.gate import decide
from everask.types import Event

pytestmark = pytest.mark.timeout(900)  # trainings, on a machine that may be busy
PROGRAM = [sys.executable, "-m", "tests.training.small", "checker"]
SHORT, SAME, USUALLY = (
    "The {name} stands in the {room}.",
    "Since spring the {name} stands in the {room}.",
    "The {name} usually stands in the {room}.",
)
"""The documents say "stands … since spring". The checker passes all three, the last one barely."""
ABOVE = 0.7


def train(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--data", str(data), *options], capture_output=True, text=True, timeout=800
    )


def say(engine: Engine, is_right: Callable[[str], bool], names: Sequence[str] = tuple(NAMES)) -> list[int]:
    """Twenty people are shown one of the three sentences of each thing, and vote."""
    documents, made = documents_of(engine.store), []
    for number, name in enumerate(names):
        one, form = documents[f"answer {name}"], (SHORT, USUALLY, SAME, USUALLY)[number % 4]
        text = form.format(name=name, room=ROOMS[NAMES.index(name) * 7 % len(ROOMS)])
        shown = ShownSentence(text, (QuotedPlace(one.id, 0, one.size),))
        value = 1.0 if is_right(form) else -1.0
        event = Event(
            "voted", float(number), 1 + number % 20, f"ask {number}", question_of(name), 0, one.id, 0,
            one.size, value, shown=shown,
        )  # fmt: skip
        made.append(append(engine.store.database, event))
    return made


def looked(engine: Engine) -> Learning:
    return next(one for one in look_at_learning(engine.store) if one.kind == "checker")


def calibration(engine: Engine) -> Calibration | None:
    assert engine.checker is not None
    return engine.checker.calibration


def test_votes_become_what_counts_as_supported_and_are_taken_back(data: Path, engine: Engine) -> None:
    """In a process that is open already, and of sentences that nobody voted on."""
    assert calibration(engine) is None
    events = say(engine, lambda form: form != USUALLY)
    done = train(data, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["is_kept"] and record["status"] == "kept", record
    assert record["kinds"]["asked"]["after"] > record["kinds"]["asked"]["before"] + 0.1
    assert record["kinds"]["cases"]["num_questions"] > 200
    learned = calibration(engine)
    assert learned is not None and learned != SHIPPED and learned.across == SHIPPED.across
    with engine.store.database.reading() as connection:
        lineage = read_lineage(connection, "checker-1")
    assert lineage.events < set(events) and 0 < len(lineage.users) <= 20
    champion = looked(engine).champion
    assert champion is not None and champion.num_documents == len(lineage.documents) > 0
    card = (data / "jobs/checker-1/card.md").read_text("utf-8")
    assert "It passed the gate." in card and "sentences that" in card
    left = [path for folder in ("jobs", "models") for path in (data / folder).rglob("*") if path.is_file()]
    assert left and not any(b"usually stands" in path.read_bytes() for path in left)
    assert roll_back(engine.store, "checker") is None and calibration(engine) is None
    with pytest.raises(UsageError, match="nothing to roll back"):
        roll_back(engine.store, "checker")
    assert promote(engine.store, "checker-1").is_in_use and calibration(engine) == learned
    Accounts(engine.store.database).remove("u3")
    assert looked(engine).history[0].stale == LEFT


def test_where_nothing_is_to_gain_it_is_refused(data: Path, engine: Engine) -> None:
    say(engine, lambda form: True)
    done = train(data)
    assert done.returncode == 0 and done.stdout.startswith("Not kept: "), done.stderr
    assert "sentences held out" in done.stdout and calibration(engine) is None
    with pytest.raises(UsageError, match="The gate refused checker-1"):
        promote(engine.store, "checker-1")


def test_what_people_turn_round_is_refused_by_the_cases_that_ship(data: Path, engine: Engine) -> None:
    """All voters agree that what is said rightly is wrong: on their own votes it would gain."""
    say(engine, lambda form: form == USUALLY)
    done = train(data, "--json")
    record = json.loads(done.stdout)
    assert not record["is_kept"], record
    assert calibration(engine) is None


def test_too_few_are_said_with_how_many_are_missing(data: Path, engine: Engine) -> None:
    say(engine, lambda form: form != USUALLY, NAMES[:12])
    old = Event(
        "voted", 1.0, 1, "old", "Where?", 0, documents_of(engine.store)["answer tin bell"].id, 0, 9, 1.0
    )
    append(engine.store.database, old)
    few = train(data)
    assert few.returncode == TrainingError.exit_code
    missing = looked(engine).supply.missing_examples
    assert f"sentences that people judged, 15 are needed, {missing - 45} are missing." in few.stderr
    assert "1 of them because the sentence was not kept with it" in few.stderr
    assert list_jobs(data)[0].status == "failed"


def test_what_cannot_be_used_leaves_the_checking_as_it_ships(data: Path, engine: Engine) -> None:
    say(engine, lambda form: form != USUALLY)
    assert train(data).returncode == 0 and calibration(engine) is not None
    assert not looked(engine).history[0].stale
    for change in ("'\"same\"', '\"sam\"'", "'checker-e5', 'another-e5'"):
        with engine.store.database.writing() as connection:
            before = connection.exec_driver_sql("SELECT card FROM learned").scalar_one()
            connection.exec_driver_sql(f"UPDATE learned SET card = replace(card, {change})")
        assert calibration(engine) is None
        assert engine.ask(question_of("brass kettle")).claims
        assert (looked(engine).history[0].stale == UPGRADED) == ("another" in change)
        with engine.store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE learned SET card = ?", (before,))
    assert calibration(engine) is not None
    done = subprocess.run(
        [sys.executable, "-m", "everask", "rollback", "checker", "--data", str(data)],
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    assert done.stdout == "The checker is as it ships again.\n" and calibration(engine) is None


def made_votes(seed: int, number: int, turn: Callable[[Seen], bool]) -> list[Seen]:
    """What people might say of sentences that passed."""
    draw = np.random.default_rng(seed)
    found: list[Seen] = []
    while len(found) < number:
        logit, rules = float(draw.normal(2.0, 2.0)), float(draw.uniform(0.5, 1.0))
        one = Seen("en", logit, rules, True, False, bool(draw.random() < 1 / (1 + np.exp(-logit))))
        if one.chance(SHIPPED) >= ABOVE:
            found.append(replace(one, is_right=turn(one)))
    return found


def shipped_cases(engine: Engine) -> tuple[list[Seen], list[Seen]]:
    assert engine.checker is not None
    return read_cases(engine.checker.id)


def test_without_votes_the_fit_is_what_ships(engine: Engine) -> None:
    held, guard = shipped_cases(engine)
    assert fit([], held, 1.0) == SHIPPED
    agreed = [replace(one, is_right=one.chance(SHIPPED) > 0.5) for one in guard if one.is_same]
    assert fit(agreed[:1], held, 0.5).same == pytest.approx(SHIPPED.same, abs=0.1)


def test_poisoned_votes_are_refused_every_time(engine: Engine) -> None:
    """Turned round, at random, all for, all against: measured by honest people's votes, none gets in."""
    held, guard = shipped_cases(engine)
    draw = random.Random(0)
    ways: list[Callable[[Seen], bool]] = [
        lambda one: not one.is_right,
        lambda one: draw.random() < 0.5,
        lambda one: True,
        lambda one: False,
    ]
    for number in range(40):
        poisoned, _ = fit_best(made_votes(number, 80, ways[number % 4]), held)
        honest = made_votes(1_000 + number, 80, lambda one: one.is_right)
        verdict = decide(compare(honest, guard, (SHIPPED, poisoned), ABOVE), number)
        truth = compare(made_votes(9_999, 4_000, lambda one: one.is_right), [], (SHIPPED, poisoned), ABOVE)
        is_worse = sum(one.after - one.before for one in truth) <= 0
        assert not (verdict.is_kept and is_worse), verdict
