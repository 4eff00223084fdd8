"""The checker's data: changes change what is said, marks stand on the changed words, halves do not meet."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch

from everask.encoder.pairs import Place
from everask.evaluate.halves import is_held_out, is_tune
from everask.models.checker.claimed import Claimed, read_examples, write_examples
from everask.models.checker.data import is_kept, is_reported, trains, twins_together
from everask.models.checker.documents import Asked, Document, Paragraph
from everask.models.checker.made import draw_twins
from everask.models.checker.model import Batch, make_batch, make_batches, measure_loss
from everask.models.checker.public import changed_words
from everask.train.changes import change, wording
from everask.train.statements import join, shorten, state

TEXTS = {
    "en": "Marie Curie was born in 1867 in Warsaw. She won the Nobel Prize in 1903. Her lab is in Paris.",
    "de": "Marie Curie wurde 1867 in Warschau geboren. Sie erhielt 1903 den Nobelpreis. Ihr Labor ist da.",
    "zh": "居里夫人于1867年出生在华沙。她在1903年获得了诺贝尔奖。她的实验室在巴黎，可以参观。",
}
OTHERS = {
    "en": "Pierre Curie was born in 1859 in Paris. He taught physics. He died in 1906 on a street.",
    "de": "Pierre Curie wurde 1859 in Paris geboren. Er lehrte Physik. Er starb 1906 bei einem Unfall.",
    "zh": "皮埃尔·居里于1859年出生在巴黎。他教授物理学。他在1906年的一次事故中去世。",
}
ANSWERS = {
    "en": ("Where was Marie Curie born?", "Warsaw", "When did she win?", "1903"),
    "de": ("Wo wurde Marie Curie geboren?", "Warschau", "Wann erhielt sie den Preis?", "1903"),
    "zh": ("居里夫人出生在哪里？", "华沙", "她何时获奖？", "1903年"),
}


class Letters:
    """A tokenizer with a token for each character."""

    def encode_places(self, text: str) -> tuple[list[int], list[Place]]:
        return [10 + ord(one) % 90 for one in text], [(at, at + 1) for at in range(len(text))]


@pytest.fixture
def document() -> Document:
    versions = {}
    for language, text in TEXTS.items():
        first, second = (Paragraph(one, "Curie", language) for one in (text, OTHERS[language]))
        where, place, when, year = ANSWERS[language]
        first.asked = {"q1": Asked(where, place, 0), "q2": Asked(when, year, 1)}
        versions[language] = {"1": first, "2": second}
    return Document("Curie", versions)


def draw(document: Document, across: float, count: int = 120) -> list[tuple[Claimed, Claimed]]:
    twins = draw_twins([document], sorted(TEXTS), across, random.Random(5), "test")
    return [next(twins) for _ in range(count)]


def test_halves_do_not_meet() -> None:
    for article in map(str, range(300)):
        assert trains(article) + is_kept(article) + is_reported(article) == 1
        assert trains(article) == (is_tune(article) and not is_held_out(article))


@pytest.mark.parametrize("across", [0.0, 1.0])
def test_twins_are_of_every_language_and_one_is_supported(document: Document, across: float) -> None:
    pairs = draw(document, across)
    assert {one.language for pair in pairs for one in pair} == set(TEXTS)
    for right, wrong in pairs:
        assert right.label == "supported" and not right.wrong
        assert wrong.label in ("contradicted", "unmentioned")
        assert right.twins == wrong.twins != ""
        assert (right.sentence, right.text) != (wrong.sentence, wrong.text)
        assert all(0 <= start < end <= len(wrong.sentence) for start, end in wrong.wrong)
        assert (right.language != right.text_language) == bool(across)


def test_a_changed_word_is_marked(document: Document) -> None:
    for right, wrong in draw(document, 0.0):
        if not wrong.kind.endswith(("figure changed", "name changed", "other answer")):
            continue
        (place,) = wrong.wrong
        assert wrong.sentence[: place[0]] == right.sentence[: place[0]]
        assert wrong.sentence[slice(*place)] != right.sentence[slice(*place)]


def test_words_alone_do_not_tell_twins_apart(document: Document) -> None:
    """Of half the pairs, at least, both sentences or both texts are the same."""
    pairs = draw(document, 0.0)
    alike = [right.sentence == wrong.sentence or right.text == wrong.text for right, wrong in pairs]
    assert sum(alike) > 0.5 * len(alike)
    kinds = {wrong.kind.removeprefix("test ") for _, wrong in pairs}
    assert {"text changed", "figure changed", "removed"} <= kinds


@pytest.mark.parametrize("language", sorted(wording()))
def test_each_language_can_negate_and_turn_round(language: str) -> None:
    table = wording()[language]
    assert len(table["negations"]) >= 5 and len(table["opposites"]) >= 10
    old, new = table["negations"][0]
    edit = change(f"A {old} b.", language, [], [], random.Random(1))
    assert edit is not None and edit.text[edit.place[0] : edit.place[1]] == edit.new
    assert edit.applied(f"So {old} it.") in (f"So {new} it.", None) or edit.kind == "opposite"


def test_a_question_becomes_a_statement() -> None:
    drawn = {state("Who won the prize?", "Curie", "en", random.Random(seed))[0] for seed in range(20)}
    assert "Curie won the prize." in drawn
    text, place = state("居里夫人出生在哪里？", "华沙", "zh", random.Random(1))
    assert text[place[0] : place[1]] == "华沙"
    assert text.endswith("。")


def test_shorter_and_joined_sentences() -> None:
    assert shorten("The lab (in Paris) is open, but not on Sundays.", random.Random(1)).startswith(
        "The lab is open"
    )
    text, first, second = join("It is red.", "He is tall.", "en")
    assert text[first[0] : first[1]] == "It is red"
    assert text[second[0] : second[1]] == "He is tall."


def test_edited_words_are_found() -> None:
    places = changed_words("It costs ten euros a month.", "It costs twelve euros a year.")
    assert ["It costs twelve euros a year."[start:end] for start, end in places] == ["twelve", "year"]


def test_examples_come_back_as_they_were(tmp_path: Path, document: Document) -> None:
    examples = [one for pair in draw(document, 0.5, 10) for one in pair]
    write_examples(tmp_path / "examples.jsonl", examples)
    assert read_examples(tmp_path / "examples.jsonl") == examples


def test_twins_stay_together_in_batches(document: Document) -> None:
    examples = [one for pair in draw(document, 0.5, 40) for one in pair]
    assert all(len(group) == 2 for group in twins_together(examples))
    for batch in make_batches(examples, 8, 0):
        names = [one.twins for one in batch]
        assert all(names.count(name) == 2 for name in names)


def make_test_batch() -> Batch:
    right = Claimed("It is red.", "The box is red.", "supported", "en", "en", "t", twins="a")
    wrong = Claimed("It is blue.", "The box is red.", "contradicted", "en", "en", "t", ((6, 10),), twins="a")
    unknown = Claimed("It is big.", "Far away.", "unsupported", "en", "en", "t", words_known=False)
    return make_batch(Letters(), [right, wrong, unknown], 64)


def test_what_is_not_known_teaches_nothing() -> None:
    batch = make_test_batch()
    assert batch.supported_b.tolist() == [1, 0, 0]
    assert batch.opposite_b.tolist() == [-1, 1, -1]
    assert batch.weak_bs[0, 1:11].tolist() == [0] * 10
    assert batch.weak_bs[1, 1:12].tolist() == [0] * 6 + [1] * 4 + [0]
    assert (batch.weak_bs[2] == -1).all() and (batch.weak_bs[:, 0] == -1).all()
    assert batch.twins_b[0] == batch.twins_b[1] != batch.twins_b[2]


class Oracle(torch.nn.Module):
    """Scores that are given: what the loss makes of right and of wrong ones."""

    def __init__(self, sign: float) -> None:
        super().__init__()
        self.sign = sign

    def forward(
        self, ids: torch.Tensor, _mask: torch.Tensor, _parts: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        batch = make_test_batch()
        tokens = torch.zeros(*ids.shape, 3)
        tokens[:, :, 0] = self.sign * 5 * (2 * batch.weak_bs.clamp(min=0) - 1)
        return self.sign * 5 * (2 * batch.supported_b - 1), tokens


def test_right_scores_lose_less_than_wrong_ones() -> None:
    batch = make_test_batch()
    good, bad = (float(measure_loss(Oracle(sign), batch)) for sign in (1.0, -1.0))  # type: ignore[arg-type]
    assert good < 0.2 < 3 < bad
