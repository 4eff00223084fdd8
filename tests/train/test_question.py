"""Groups become tensors whose marks are the answers' characters, and the loss falls when they are learned."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from everask import packs  # noqa: E402
from everask.encoder.adapter import read_adapter, write_adapter  # noqa: E402
from everask.encoder.q4_file import read_q4_file  # noqa: E402
from everask.encoder.tokens import PieceTokenizer, open_pieces, write_pieces  # noqa: E402
from everask.train.question import QuestionModel, measure_loss  # noqa: E402
from everask.train.question_batch import Candidate, Group, make_batch, make_batches  # noqa: E402
from everask.train.trunk import load_trunk  # noqa: E402

ANSWERED = {
    "en": ("The warranty lasts two years. The train leaves at nine.", "two years"),
    "ar": ("يخبز الخبز من الدقيق. الضمان لمدة سنتين.", "سنتين"),
    "th": ("รถไฟออกเวลาเก้าโมง การรับประกันมีอายุสองปี", "สองปี"),
    "hi": ("रेलगाड़ी नौ बजे चलती है। वारंटी दो साल की है।", "दो साल"),
    "zh": ("火车九点开。保修期为两年。", "两年"),
    "ja": ("列車は九時に出発します。保証期間は二年です。", "二年"),
}


@pytest.fixture(scope="module")
def q4_file() -> Path:
    return packs.pull("e5-small", packs.default_folder())


@pytest.fixture(scope="module")
def tokenizer(q4_file: Path, tmp_path_factory: pytest.TempPathFactory) -> PieceTokenizer:
    path = tmp_path_factory.mktemp("pieces") / "pieces.model"
    write_pieces(read_q4_file(q4_file).pieces, path)
    return open_pieces(path)


def groups() -> list[Group]:
    found = []
    for language, (text, answer) in ANSWERED.items():
        start = text.index(answer)
        span = ((start, start + len(answer)),)
        right = Candidate(text, language, True, span, span)
        wrong = Candidate(text.replace(answer, "…"), language, False)
        found.append(Group(language, "How long is the warranty?", (wrong, right)))
    return found


def test_marks_are_the_answers_characters(tokenizer: PieceTokenizer) -> None:
    batch = make_batch(tokenizer, groups(), 96, random.Random(0))
    assert batch.answers_b.tolist() == [0, 1] * len(ANSWERED)
    for row, (text, answer) in enumerate(ANSWERED.values()):
        assert batch.starts_bs[2 * row].nonzero().tolist() == [[0]]
        (start,), (end,) = (
            marks[2 * row + 1].nonzero()[:, 0].tolist() for marks in (batch.starts_bs, batch.ends_bs)
        )
        ids, places = tokenizer.encode_places(text)
        first = int(batch.text_bs[2 * row + 1].nonzero()[0, 0])
        said = text[places[start - first][0] : places[end - first][1]]
        assert answer in said and len(said) <= len(answer) + 6
        assert batch.ids_bs[2 * row + 1, first : first + len(ids)].tolist() == ids
    assert int(batch.right_j.sum()) == len(ANSWERED)
    assert len(batch.right_j) == len(batch.asked_j) > 3 * len(ANSWERED)


def test_a_long_text_is_cut_around_its_answer(tokenizer: PieceTokenizer) -> None:
    text = "It is so. " * 100 + "It lasts two years. " + "It is so. " * 100
    start = text.index("two years")
    right = Candidate(text, "en", True, ((start, start + 9),), ((start, start + 9),))
    for seed in range(4):
        batch = make_batch(tokenizer, [Group("a", "How long?", (right,))], 64, random.Random(seed))
        assert batch.ids_bs.shape[1] <= 64
        assert bool(batch.starts_bs.any()) and bool(batch.right_j.any()) and bool(batch.spanned_b.all())


def test_unmarked_texts_teach_ranking_alone(tokenizer: PieceTokenizer) -> None:
    right = Candidate("Press the button.", "en", True, is_marked=False)
    wrong = Candidate("Bread is baked.", "en", False)
    batch = make_batch(tokenizer, [Group("a", "Starting", (right, wrong))], 64, random.Random(0))
    assert batch.spanned_b.tolist() == [False, True]
    assert not bool(batch.known_j.any())


def test_batches_hold_every_group_once() -> None:
    made = make_batches(groups() * 3, 4, seed=1)
    assert sum(map(len, made)) == 3 * len(ANSWERED)
    assert make_batches(groups() * 3, 4, seed=1) == made


def test_the_loss_falls_and_what_was_learned_is_written(
    q4_file: Path, tokenizer: PieceTokenizer, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    model = QuestionModel(load_trunk(q4_file, rank=4, num_layers=2))
    batch = make_batch(tokenizer, groups(), 64, random.Random(0))
    optimiser = torch.optim.Adam([one for one in model.parameters() if one.requires_grad], lr=2e-3)
    losses = []
    for _ in range(8):
        loss = measure_loss(model, batch)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]
    write_adapter(tmp_path / "a.npz", model.tensors(), {})
    again = QuestionModel(load_trunk(q4_file, rank=4, num_layers=2, adapter=tmp_path / "a.npz"))
    again.load_heads(read_adapter(tmp_path / "a.npz"))
    with torch.no_grad():
        assert abs(float(measure_loss(again, batch)) - float(measure_loss(model, batch))) < 0.05
