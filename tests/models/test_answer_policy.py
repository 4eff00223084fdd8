"""The answer policy: what is drawn from drafts, and that each loss learns what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.errors import TrainingError

pytest.importorskip("torch")
pytest.importorskip("gguf")

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from torch import Generator

from everask.models.answer_policy.data import (
    Choice,
    Draft,
    Drafted,
    advantages_of,
    batch_of,
    best_of,
    pairs_of,
    read_drafts,
    votes_of,
    write_drafts,
)
from everask.models.answer_policy.model import advantage_loss, prefer_loss, teacher_loss, vote_loss
from everask.models.answer_policy.train import (
    TuneSettings,
    key_of,
    log_chances_before,
    make_step,
    open_policy,
)
from everask.train.loop import LoopSettings, run
from everask.train.writer import Writer
from everask.train.writer_file import write_adapter
from everask.train.writer_tokens import Tokens

from .small_writer import WORDS, write_small

WRITTEN = [
    Drafted(
        f"p{n} ask", (Draft("good text", 0.8), Draft("bad words here", 0.1)), f"article {n}", "en", str(n)
    )
    for n in range(8)
]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """So small a model only waits for its threads, where others want the cores too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    names = ["[?]", "<end>", "ask", "good", "text", "bad", "words", "here", *(f"p{n}" for n in range(40))]
    made = Tokenizer(WordLevel({name: at for at, name in enumerate(names)}, unk_token="[?]"))
    made.pre_tokenizer = WhitespaceSplit()
    return Tokens(made, 1)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small(tmp_path_factory.mktemp("gguf") / "small.gguf")


@pytest.fixture(scope="module")
def start(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter to go on from."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("start") / "start.gguf"
    write_adapter(path, Writer(base, 4, 8.0, 1).matrices(), 8.0, base, {"recipe": "test"})
    return path


def test_what_is_drawn_from_drafts(tokens: Tokens) -> None:
    odd = Drafted("p9 ask", (Draft("good", 0.45), Draft("bad", 0.4)), "a", "en", "9")
    assert [one.wanted for one in best_of([*WRITTEN[:1], odd], tokens)] == [(3, 4, 1)]
    (pair,) = pairs_of([*WRITTEN[:1], odd], tokens)
    assert (pair.wanted, pair.unwanted) == ((3, 4, 1), (5, 6, 7, 1))
    assert [(bool(one.wanted), bool(one.unwanted)) for one in votes_of(WRITTEN[:1], tokens)] == [
        (True, False),
        (False, True),
    ]
    worths = [one.worth for one in advantages_of(WRITTEN[:1], tokens)]
    assert worths == pytest.approx([0.7, -0.7])
    assert pairs_of([Drafted("p1", (Draft("good", 1.0),), "a", "en", "1")], tokens) == []
    long = Drafted("ask " * 600, WRITTEN[0].drafts, "a", "en", "1")
    assert best_of([long], tokens) == []


def test_drafts_are_kept_as_lines(tmp_path: Path) -> None:
    write_drafts(tmp_path / "drafts.jsonl", WRITTEN)
    assert read_drafts(tmp_path / "drafts.jsonl") == WRITTEN
    (tmp_path / "broken.jsonl").write_text('{"prompt": "x", "drafts": [{"reply": 1}]}\n', "utf-8")
    with pytest.raises(TrainingError, match="Line 1"):
        read_drafts(tmp_path / "broken.jsonl")
    with pytest.raises(TrainingError, match="no drafts"):
        read_drafts(tmp_path / "none.jsonl")


def test_losses_point_the_right_way() -> None:
    before = torch.tensor([[-1.0, -1.0]])
    better = prefer_loss(torch.tensor([-0.9]), torch.tensor([-1.5]), before)
    worse = prefer_loss(torch.tensor([-0.9]), torch.tensor([-0.5]), before)
    assert better < worse
    wanted = torch.tensor([True, False])
    up = vote_loss(torch.tensor([-0.8, -1.4]), torch.tensor([-1.0, -1.0]), wanted)
    down = vote_loss(torch.tensor([-1.4, -0.8]), torch.tensor([-1.0, -1.0]), wanted)
    assert up < down
    said = torch.tensor([-1.0, -1.0], requires_grad=True)
    advantage_loss(said, torch.tensor([-1.0, -1.0]), torch.tensor([0.5, -0.5])).backward()  # type: ignore[no-untyped-call]
    assert said.grad is not None and said.grad[0] < 0 < said.grad[1]
    logits = torch.randn(3, 7)
    assert teacher_loss([logits], [logits]).item() == pytest.approx(0.0, abs=1e-6)
    assert teacher_loss([logits], [torch.randn(3, 7)]).item() > 0


@pytest.mark.parametrize("method", ["rft", "dpo", "kto", "rloo"])
def test_each_method_makes_the_better_draft_likelier(
    method: str, base: Path, start: Path, tokens: Tokens, tmp_path: Path
) -> None:
    model, _ = open_policy(base, start)
    drawn = {"rft": best_of, "dpo": pairs_of, "kto": votes_of, "rloo": advantages_of}[method]
    choices = drawn(WRITTEN, tokens)
    before = log_chances_before(model, choices, tmp_path / "before.json", start)
    assert log_chances_before(model, choices, tmp_path / "before.json", start) == before
    given = TuneSettings(method, batch=4)
    gap = _gap(model, tokens)
    step = make_step(model, choices, before, given, None)
    run(model, step, LoopSettings(10, 0, 4, 3e-2), tmp_path / "checkpoints")
    assert _gap(model, tokens) > gap + 0.02


def _gap(model: Writer, tokens: Tokens) -> float:
    """How much likelier, a token, the better draft is."""
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        good, bad = (
            model.log_chances([tokens.cut("p3 ask")], [[*tokens.cut(one.reply), tokens.end]])[0].mean()
            for one in WRITTEN[3].drafts
        )
    return float(good - bad)


def test_a_policy_goes_on_from_its_adapter(base: Path, start: Path, tmp_path: Path) -> None:
    model, alpha = open_policy(base, start)
    assert alpha == 8.0 and model.first == 1
    with torch.no_grad():
        for matrix in model.matrices().values():
            matrix.add_(0.05)
    write_adapter(tmp_path / "more.gguf", model.matrices(), alpha, base, {"recipe": "test"})
    again, _ = open_policy(base, tmp_path / "more.gguf")
    for name, matrix in again.matrices().items():
        assert torch.allclose(matrix, model.matrices()[name], atol=2e-3)
    with pytest.raises(TrainingError, match="other layers"):
        Writer(base, 4, 8.0, 0).take(model.matrices())


def test_distillation_needs_a_teacher_and_nears_it(base: Path, start: Path, tokens: Tokens) -> None:
    model, _ = open_policy(base, start)
    choices = best_of(WRITTEN, tokens)
    given = TuneSettings("distil")
    with pytest.raises(TrainingError, match="teacher"):
        make_step(model, choices, {}, given, None)(0, Generator())
    teacher = Writer(base, 0, 1.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = make_step(model, choices, {}, given, teacher)(0, Generator())
    assert loss.item() == pytest.approx(0.0, abs=1e-3)  # the adapter's second matrices begin at 0


def test_every_choice_comes_once_before_any_comes_again_and_has_a_name() -> None:
    choices = [Choice((one,), (2,), ()) for one in range(6)]
    drawn = [one.prompt for number in range(3) for one in batch_of(choices, number, 2, seed=1)]
    assert sorted(drawn) == [(one,) for one in range(6)]
    assert len({key_of(one) for one in choices}) == 6
    assert WORDS > 50


def test_the_rows_of_a_file_are_plain(tmp_path: Path) -> None:
    write_drafts(tmp_path / "drafts.jsonl", WRITTEN[:1])
    row = json.loads((tmp_path / "drafts.jsonl").read_text("utf-8"))
    assert row["drafts"][0] == {"reply": "good text", "reward": 0.8}
