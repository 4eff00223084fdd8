"""`everask train ranker`, from votes to weights that serve: kept, refused, interrupted, taken back."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import delete
from tests.training.people import NAMES, documents_of, question_of, say

from everask.errors import TrainingError, UsageError
from everask.index.events import append
from everask.index.learned import LIMITED, find_learned, read_lineage
from everask.index.people_schema import users
from everask.pipeline import Engine
from everask.pipeline.jobs import JobState, list_jobs
from everask.pipeline.learning import look_at_learning, promote, roll_back
from everask.pipeline.promotion import list_changes
from everask.retrieve.fuse import load_fusion
from everask.retrieve.in_use import fusion_in_use
from everask.types import Event

pytestmark = pytest.mark.timeout(900)  # trainings, on a machine that may be busy
PROGRAM = [sys.executable, "-m", "tests.training.small", "ranker"]


def train(data: Path, *options: str, file_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Train to the end; `file_bytes` is the size at which a write fails, as on a disk that is full."""

    def limit() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    command = [*PROGRAM, "--data", str(data), *options]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=800)


def last(data: Path) -> JobState:
    return list_jobs(data)[0]


def _is_at_work(data: Path, pid: int) -> bool:
    return bool(list_jobs(data)) and last(data).pid == pid and last(data).stage == "collecting"


def first(engine: Engine, name: str) -> str:
    return engine.search(question_of(name))[0].document.name


def test_votes_become_weights_that_serve_and_are_taken_back(data: Path, engine: Engine) -> None:
    """What was asked once is answered better where nobody ever voted, in a process that is open already."""
    events = say(engine.store, NAMES)
    unseen = "brass kettle"
    done = train(data, "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["is_kept"] and record["status"] == "kept", record
    assert record["kinds"]["asked"]["after"] > record["kinds"]["asked"]["before"] + 0.1
    assert fusion_in_use(engine.store) != load_fusion()
    assert first(engine, unseen) == f"answer {unseen}"
    (_, ranker, *_) = look_at_learning(engine.store)
    assert ranker.champion is not None and ranker.champion.name == "ranker-1" and ranker.can_roll_back
    assert ranker.champion.rows[0].label == "all" and ranker.champion.p is not None
    with engine.store.database.reading() as connection:
        lineage = read_lineage(connection, "ranker-1")
    assert lineage.events < set(events) and 0 < len(lineage.users) <= 20
    assert ranker.champion.num_documents == len(lineage.documents) > 0
    assert "It passed the gate." in (data / "jobs/ranker-1/card.md").read_text("utf-8")
    assert not (data / "jobs/ranker-1/work").exists()
    _take_back(engine, unseen)


def _take_back(engine: Engine, unseen: str) -> None:
    assert roll_back(engine.store, "ranker") is None
    assert fusion_in_use(engine.store) == load_fusion() and first(engine, unseen) == f"asked {unseen}"
    with pytest.raises(UsageError, match="nothing to roll back"):
        roll_back(engine.store, "ranker")
    assert promote(engine.store, "ranker-1").is_in_use and first(engine, unseen) == f"answer {unseen}"
    assert [one.what for one in list_changes(engine.store)] == ["promoted", "rolled back", "promoted"]


def test_what_measures_no_better_is_refused_and_cannot_be_promoted(data: Path, engine: Engine) -> None:
    """People agree with search as it ships: there is nothing to gain."""
    say(engine.store, NAMES, target="asked")
    done = train(data)
    assert done.returncode == 0 and done.stdout.startswith("Not kept: It is not better by"), done.stderr
    assert last(data).status == "refused"
    assert fusion_in_use(engine.store) == load_fusion()
    (_, ranker, *_) = look_at_learning(engine.store)
    assert ranker.challenger is not None and ranker.challenger.state == "refused"
    with pytest.raises(UsageError, match="The gate refused ranker-1"):
        promote(engine.store, "ranker-1")


def test_too_few_votes_are_said_with_how_many_are_missing(data: Path, engine: Engine) -> None:
    empty = train(data)
    assert empty.returncode == TrainingError.exit_code
    assert "0 questions that people judged, 15 are needed, 15 are missing." in empty.stderr
    say(engine.store, NAMES[:12])
    few = train(data)
    assert few.returncode == TrainingError.exit_code
    (_, ranker, *_) = look_at_learning(engine.store)
    missing = ranker.supply.missing_examples
    assert missing > 45 and f"15 are needed, {missing - 45} are missing." in few.stderr
    assert not ranker.supply.is_enough and last(data).status == "failed"


def test_contradictory_votes_teach_nothing(data: Path, engine: Engine) -> None:
    say(engine.store, NAMES, people=range(1, 11))
    documents = documents_of(engine.store)
    for number, name in enumerate(NAMES):
        one = documents[f"answer {name}"]
        for user in (11 + number % 10, 11 + (number + 1) % 10):
            at = 1_000.0 + number
            against = Event("voted", at, user, "", question_of(name), None, one.id, 0, one.size, -1.0)
            append(engine.store.database, against)
    done = train(data)
    assert done.returncode == TrainingError.exit_code
    assert f"{len(NAMES)} of them because people contradict each other" in done.stderr


def test_one_persons_flood_moves_nothing(data: Path, engine: Engine) -> None:
    """Of nineteen honest people and one who votes a hundred times as often for what is wrong, it is still
    the nineteen who are learned from, and measured by."""
    say(engine.store, NAMES, people=range(2, 21))
    documents = documents_of(engine.store)
    for number in range(1_000):
        one = documents[f"asked {NAMES[number % len(NAMES)]}"]
        text = f"{question_of(NAMES[number % len(NAMES)])} {number}"
        append(engine.store.database, Event("voted", 1.0, 1, "", text, None, one.id, 0, one.size, 1.0))
    done = train(data, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["is_kept"], done.stdout
    (_, ranker, *_) = look_at_learning(engine.store)
    assert ranker.supply.left_out["one person's share is too large"] > 50
    assert first(engine, "brass kettle") == "answer brass kettle"


def test_killed_stopped_and_without_room_it_goes_on(data: Path, engine: Engine) -> None:
    say(engine.store, NAMES)
    before = first(engine, "brass kettle")
    for end, status in ((signal.SIGKILL, "interrupted"), (signal.SIGTERM, "stopped")):
        process = subprocess.Popen([*PROGRAM, "--data", str(data)], stderr=subprocess.DEVNULL)
        deadline, before_done = time.monotonic() + 600, last(data).done if list_jobs(data) else 0
        while not (_is_at_work(data, process.pid) and last(data).done not in (0, before_done)):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(end)
        process.wait(timeout=60)
        assert last(data).status == status
        assert first(engine, "brass kettle") == before
    full = train(data, file_bytes=2_000)
    assert full.returncode == TrainingError.exit_code, full.stderr
    assert "could not write to" in full.stderr and "Make room" in full.stderr
    assert train(data).returncode == 0
    assert (last(data).name, last(data).status) == ("ranker-1", "kept")


def test_somebody_who_goes_while_it_trains_takes_the_weights_along(data: Path, engine: Engine) -> None:
    say(engine.store, NAMES)
    process = subprocess.Popen([*PROGRAM, "--data", str(data)], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 600
    while not (list_jobs(data) and last(data).stage == "measuring"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    with engine.store.database.writing() as connection:
        connection.execute(delete(users).where(users.c.id == 3))
    _, said = process.communicate(timeout=600)
    assert process.returncode == TrainingError.exit_code
    assert "somebody whose votes it learned from was removed" in said
    assert fusion_in_use(engine.store) == load_fusion()
    assert train(data).returncode == 0
    with engine.store.database.reading() as connection:
        assert 3 not in read_lineage(connection, last(data).name).users


def test_stale_weights_say_so_and_are_not_promoted_again(data: Path, engine: Engine) -> None:
    say(engine.store, NAMES)
    assert train(data).returncode == 0
    with engine.store.database.reading() as connection:
        used = sorted(read_lineage(connection, "ranker-1").documents)[0]
    engine.set_groups(engine.document(used).uri, ["board"])
    status = _cli("train", "status", data=data)
    assert f"ranker-1 must be trained again: {LIMITED}" in status.stdout
    assert _cli("rollback", "ranker", data=data).stdout == "The ranker is as it ships again.\n"
    with pytest.raises(UsageError, match="must be trained again"):
        promote(engine.store, "ranker-1")


def test_damaged_weights_leave_search_as_it_ships(data: Path, engine: Engine) -> None:
    say(engine.store, NAMES)
    assert train(data).returncode == 0
    before = engine.search(question_of("brass kettle"))
    with engine.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE learned SET card = replace(card, '\"share\"', '\"sh\"')")
    assert fusion_in_use(engine.store) == load_fusion()
    after = engine.search(question_of("brass kettle"))
    assert after and after[0].document.id != before[0].document.id
    with engine.store.database.reading() as connection:
        assert find_learned(connection, "ranker-1").state == "kept"


def _cli(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "everask", *arguments, "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), timeout=600)
    assert done.returncode == 0, done.stderr
    return done
