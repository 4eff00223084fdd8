"""Drafts: written as the product writes, judged by what is right, kept as lines that can be gone on with."""

from __future__ import annotations

import json
from pathlib import Path

from tests.training.writers import Writing

from everask.evaluate.answers import Wanted
from everask.models.answer_policy.data import read_drafts
from everask.models.reward.pairs import Quote
from everask.training.drafting import (
    DraftSettings,
    Prompted,
    draft_on,
    judge,
    prompt_of,
    prompted,
    read_keys,
    read_reply,
    write,
)
from everask.training.reward_drafts import evidence_of

QUOTES = (
    Quote("The red lamp stands in the attic.", "The red lamp stands in the attic.", "en", ""),
    Quote("The blue lamp stands in the hall.", "The blue lamp stands in the hall.", "en", ""),
)
RIGHT, WRONG, DECLINES = "It stands in the attic [1]", "The blue lamp stands in the hall [2]", "NOT FOUND"


def make_prompt(number: int = 0, *, is_answerable: bool = True) -> Prompted:
    gold = frozenset(("0",)) if is_answerable else frozenset[str]()
    wanted = Wanted(f"q{number}", "Where is the red lamp?", "en", ("attic",), gold)
    return prompted(wanted, evidence_of(QUOTES), lambda one: one.hit.document.id, "article")


def test_a_prompt_is_what_the_tuned_model_learned_to_read() -> None:
    text = prompt_of(make_prompt())
    assert "Answer from the quotes. Cite them." in text and text.endswith("<|im_start|>assistant\n")
    assert "[1] The red lamp" in text and "[2] The blue lamp" in text


def test_drafts_are_judged_by_what_is_right() -> None:
    right, wrong, declined = judge(make_prompt(), [RIGHT, WRONG, DECLINES], None)
    assert (right.gold, wrong.gold, declined.gold) == (1.0, 0.0, 0.0)
    assert right.reward > wrong.reward == declined.reward == 0.0
    said, silent = judge(make_prompt(is_answerable=False), [RIGHT, DECLINES], None)
    assert silent.reward == 1.0 and said.reward == 0.0


def test_a_citation_of_nothing_is_none() -> None:
    (judged,) = judge(make_prompt(), ["It stands in the attic [7]"], None)
    assert judged.gold == 0.0 and read_reply("NOT FOUND") == ()


def test_the_model_is_asked_as_the_product_asks_it() -> None:
    model = Writing((RIGHT,))
    assert write(make_prompt(), model, DraftSettings()) == RIGHT
    assert model.adapter_asked == "answer" and "NOT FOUND" in (model.grammar or "")


def test_lines_are_gone_on_with(tmp_path: Path) -> None:
    file, model = tmp_path / "drafts.jsonl", Writing((RIGHT, WRONG, DECLINES, RIGHT))
    prompts = [make_prompt(number) for number in range(3)]
    seen: list[int] = []
    assert draft_on(file, prompts[:2], model, None, DraftSettings(), lambda done, _: seen.append(done)) == 2
    torn = file.read_text("utf-8") + '{"prompt": "torn'
    file.write_text(torn, "utf-8")
    assert read_keys(file) == {"q0", "q1"} and file.read_text("utf-8").endswith("\n")
    assert draft_on(file, prompts, model, None, DraftSettings(), lambda done, _: seen.append(done)) == 3
    assert seen == [1, 2, 3]
    drafted = read_drafts(file)
    assert [one.key for one in drafted] == ["q0", "q1", "q2"] and drafted[0].article == "article"
    assert {one.reply for one in drafted[0].drafts} == {RIGHT, WRONG, DECLINES}
    assert max(drafted[0].drafts, key=lambda one: one.reward).reply == RIGHT
    late = DraftSettings(until=0.0)
    assert draft_on(file, [make_prompt(9)], model, None, late, lambda done, _: None) == 3
    assert len([json.loads(line) for line in file.read_text("utf-8").splitlines()]) == 3
