"""`everask train answers`: drafts, a tuned adapter, the gate, and which adapter then writes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.training.people import NAMES, make_pile, say
from tests.training.small import RECIPE
from tests.training.writers import Reply, Writing, copy_first

from everask.errors import TrainingError, UsageError
from everask.index import Store
from everask.index.learned import read_lineage
from everask.models.answer_policy.data import read_drafts
from everask.pipeline import Engine
from everask.pipeline.jobs import list_jobs, work_on
from everask.pipeline.learning import look_at_learning, promote, roll_back
from everask.pipeline.taught_answers import adapter_file, adapter_in_use
from everask.settings import load_settings
from everask.training import answers, asking
from everask.training.answers import ANSWERS
from everask.training.feedback import train_on_feedback
from everask.training.gate import Verdict
from everask.training.work import Work

pytestmark = pytest.mark.timeout(900)  # on a machine that may be busy


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "data"
    settings = make_pile(folder)
    with Store.open(settings.data) as store:
        say(store, NAMES)
    return folder


@pytest.fixture
def data(pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    monkeypatch.setattr(asking, "MOST_MADE", 10)
    shutil.copytree(pile, tmp_path / "data")
    return tmp_path / "data"


def train(data: Path, monkeypatch: pytest.MonkeyPatch, champion: Reply, challenger: Reply) -> Verdict:
    """Train with models that are played: what serves says `champion`, what was tuned `challenger`."""

    def open_writer(_work: Work, adapter: Path | None) -> Writing:
        is_new = adapter is not None and adapter_in_use(_work.store, _work.settings.models) != adapter
        return Writing((challenger if is_new else champion, copy_first))

    def tune(work: Work, _champion: Path | None) -> Path:
        file = work.folder / "answer.gguf"
        file.write_bytes(b"GGUF")
        return file

    monkeypatch.setattr(answers, "open_writer", open_writer)
    monkeypatch.setattr(answers, "tune", tune)
    settings = load_settings(data)
    with Store.open(data, create=False) as store, work_on(data, "answers", {"seed": None}) as job:
        work = Work(settings, store, job, RECIPE, 5.0, lambda message: None, lambda *_: None)
        return train_on_feedback(work, ANSWERS)


def test_an_adapter_that_answers_better_writes_from_then_on_and_is_taken_back(
    data: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = train(data, monkeypatch, "NOT FOUND", copy_first)
    assert made.is_kept, made.why
    assert made.kinds["asked"].before == 0.0 and made.kinds["asked"].after > 0.2
    file = adapter_file(data, "answers-1")
    assert adapter_in_use(engine.store, engine.settings.models) == file and file.is_file()
    with engine.store.database.reading() as connection:
        lineage = read_lineage(connection, "answers-1")
    assert lineage.events and lineage.users and lineage.documents
    assert not (data / "jobs/answers-1/work").exists()  # texts of documents were in it
    assert roll_back(engine.store, "answers") is None
    assert adapter_in_use(engine.store, engine.settings.models) is None
    assert promote(engine.store, "answers-1").is_in_use
    file.unlink()
    assert adapter_in_use(engine.store, engine.settings.models) is None  # what ships goes on writing
    roll_back(engine.store, "answers")
    with pytest.raises(UsageError, match="damaged"):
        promote(engine.store, "answers-1")


def test_an_adapter_that_measures_no_better_is_refused_and_removed(
    data: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = train(data, monkeypatch, copy_first, copy_first)
    assert not made.is_kept and list_jobs(data)[0].status == "refused"
    assert not adapter_file(data, "answers-1").exists()
    assert adapter_in_use(engine.store, engine.settings.models) is None
    learned = next(one for one in look_at_learning(engine.store) if one.kind == "answers")
    assert learned.challenger is not None and learned.challenger.state == "refused"


def test_an_adapter_that_answers_what_it_should_decline_is_refused(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careful(prompt: str) -> str:
        name = prompt.split("\n")[0].removeprefix("Where is the ").removesuffix(" these days?")
        return copy_first(prompt) if name in copy_first(prompt) else "NOT FOUND"

    made = train(data, monkeypatch, careful, copy_first)
    assert not made.is_kept


def test_stopped_while_it_drafts_it_goes_on_with_what_it_has(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0

    def stop(prompt: str) -> str:
        nonlocal seen
        seen += 1
        if seen == 9:
            raise KeyboardInterrupt
        return copy_first(prompt)

    with pytest.raises(KeyboardInterrupt):
        train(data, monkeypatch, stop, stop)
    assert list_jobs(data)[0].status == "stopped"
    kept = read_drafts(data / "jobs/answers-1/work/drafts.jsonl")
    assert kept
    train(data, monkeypatch, copy_first, copy_first)
    (job,) = list_jobs(data)
    assert job.name == "answers-1" and job.status == "refused"
    assert int(str(job.settings["trained_on"])) > len(kept)


def test_another_language_model_is_not_tuned(data: Path) -> None:
    settings = load_settings(data)
    with Store.open(data, create=False) as store, work_on(data, "answers", {"seed": None}) as job:
        work = Work(settings, store, job, RECIPE, 5.0, lambda message: None, lambda *_: None)
        with pytest.raises(TrainingError, match=r"qwen2\.5-0\.5b"):
            train_on_feedback(work, ANSWERS)
