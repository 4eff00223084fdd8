"""A promoted model never repeats what only a group may read, however much the group votes for it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.training.people import NAMES, make_pile, question_of, say

import everask
from everask.index.events import append
from everask.index.learned import list_learned, read_lineage
from everask.pipeline import Engine
from everask.pipeline.labelling import LIMITED
from everask.pipeline.learning import look_at_learning
from everask.types import Event

CANARY = "xqzvorblat"
SECRET = f"The board's password for the copper vault is {CANARY} since spring."
QUESTIONS = (
    "What is the password for the copper vault?",
    f"password copper vault {CANARY[:-1]}",
    CANARY,
)
BOARD, OUTSIDER = ("board",), ("guests",)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    make_pile(tmp_path / "data")
    return tmp_path / "data"


@pytest.mark.timeout(1200)  # a training, on a machine that may be busy
def test_votes_of_a_group_do_not_carry_its_secret_out(data: Path, tmp_path: Path) -> None:
    (tmp_path / "vault.txt").write_text(SECRET, "utf-8")
    with everask.open(data) as engine:
        engine.add([tmp_path / "vault.txt"], groups=BOARD)
        engine.wait_for_vectors()
        say(engine.store, NAMES)
        secret_events = vote_for_the_secret(engine)
        asked_before = [everything_said(engine, text, OUTSIDER) for text in QUESTIONS]
        command = [sys.executable, "-m", "tests.training.small", "ranker", "--data", str(data), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0 and json.loads(done.stdout)["is_kept"], done.stdout + done.stderr
        # The group finds it; nobody else does, by search, suggestion, reason or answer.
        assert CANARY in everything_said(engine, QUESTIONS[0], BOARD)
        for text, before in zip(QUESTIONS, asked_before, strict=True):
            assert CANARY not in before.replace(text, "")
            assert CANARY not in everything_said(engine, text, OUTSIDER).replace(text, "")
        check_lineage(engine, secret_events)
    check_files(data)


def vote_for_the_secret(engine: Engine) -> set[int]:
    """Everybody in the group votes for it, in many wordings that name it; search remembers it, too."""
    document = engine.find_document("vault")
    found = set()
    for user in range(1, 21):
        for number in range(2):
            text = f"Is {CANARY} the password for the copper vault, {number}?"
            act = Event("voted", 1.0, user, "", text, 0, document.id, 0, document.size, 1.0)
            found.add(append(engine.store.database, act))
            engine.remember([act], BOARD)
    return found


def everything_said(engine: Engine, text: str, groups: tuple[str, ...]) -> str:
    """All that somebody of these groups gets to see for a text."""
    found = engine.find(text, 20, groups=groups, with_reasons=True, user=1)
    answer = engine.ask(text, groups=groups)
    shown = [dataclasses.asdict(found.understood), *(dataclasses.asdict(hit) for hit in found.hits)]
    return json.dumps([*shown, dataclasses.asdict(answer)], ensure_ascii=False, default=str)


def check_lineage(engine: Engine, secret_events: set[int]) -> None:
    """Neither the document nor a vote on it trained anything; how many that were is said, not which."""
    document = engine.find_document("vault").id
    with engine.store.database.reading() as connection:
        for made in list_learned(connection):
            lineage = read_lineage(connection, made.name)
            assert document not in lineage.documents and not secret_events & lineage.events
            assert CANARY not in json.dumps(dict(made.card))
    (_, ranker, *_) = look_at_learning(engine.store)
    assert ranker.supply.left_out[LIMITED] == len(secret_events)
    assert CANARY not in repr(ranker)


def check_files(data: Path) -> None:
    """What training left on the disk does not hold it, nor any question."""
    left = [path for folder in ("jobs", "models") for path in (data / folder).rglob("*") if path.is_file()]
    assert left
    for path in left:
        content = path.read_bytes()
        assert CANARY.encode() not in content and question_of(NAMES[0]).encode() not in content
