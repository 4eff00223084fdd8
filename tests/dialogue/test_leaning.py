"""Which questions lean on what was said before, in many languages, on conversations about the examples."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from everask.dialogue import follows_on
from everask.dialogue.leaning import language_in, leans
from everask.evaluate.halves import half_of
from everask.evaluate.spans import load_span_sets
from everask.types import Turn

ROOT = Path(__file__).parents[2]
CONVERSATIONS: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "bench/conversations.jsonl").read_text("utf-8").splitlines()
]
SHARED = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
DATA = SHARED if SHARED.is_dir() else ROOT / "tests/data/evaluate"


@pytest.mark.parametrize(
    ("before", "text", "leaning"),
    [
        ("How long is the warranty?", "And for students?", True),
        ("How long is the warranty?", "What does it cover?", True),
        ("How long is the warranty?", "How do I print a table in landscape?", False),
        ("Wie hoch ist die Gebühr?", "Und wie lange?", True),
        ("Wie hoch ist die Gebühr?", "Wann wurde die Bibliothek gegründet?", False),
        ("Combien coûte la carte ?", "Et pour les étudiants ?", True),
        ("¿Cuánto cuesta la tarjeta?", "¿Y para estudiantes?", True),
        ("Сколько стоит билет?", "А для студентов?", True),
        ("保修期多长？", "那价格呢？", True),
        ("保修期多长？", "怎样在幻灯片中插入表格？", False),
        ("保証期間はどのくらいですか？", "価格は？", True),
        ("보증 기간은 얼마인가요?", "학생은요?", True),
        ("Bảo hành bao lâu?", "Còn sinh viên thì sao?", True),
        ("كم مدة الضمان؟", "وكم السعر؟", True),
        ("ประกันนานเท่าไร", "แล้วราคาล่ะ", True),
    ],
)
def test_follow_ups_lean_and_new_topics_do_not(before: str, text: str, leaning: bool) -> None:
    assert follows_on(text, [Turn(before, "")]) is leaning


def test_nothing_leans_without_a_turn_before() -> None:
    assert not follows_on("And for students?", [])


def test_a_question_that_begins_as_a_follow_up_and_names_its_topic_stands_alone() -> None:
    turns = [Turn("How long is the warranty of the lamp?", "Two years.")]
    assert not follows_on("And how do I print labels from an address database in Writer?", turns)


def test_in_the_labelled_conversations_few_follow_ups_are_missed_and_no_new_topic_is_taken_for_one() -> None:
    missed, taken, leaning = [], [], 0
    for conversation in CONVERSATIONS:
        turns: list[Turn] = []
        for turn in conversation["turns"]:
            found = follows_on(turn["text"], turns)
            if turns and "whole" in turn:
                leaning += 1
                missed += [] if found else [turn["text"]]
            elif found:
                taken.append(turn["text"])
            turns.append(Turn(turn.get("whole", turn["text"]), turn["quotes"][0]))
    assert taken == []
    assert len(missed) <= 0.2 * leaning, missed


@pytest.mark.parametrize("name", ["xquad-en", "jsquad", "drcd"])
def test_questions_that_stand_alone_are_left_alone(name: str) -> None:
    (spans,) = load_span_sets(DATA, (name,))
    asked = [one for one in spans.questions if half_of(one.article) == "tune"][:300]
    wrong = [one.text for one in asked if leans(one.text, language_in(one.text, ()))]
    assert len(wrong) <= 0.04 * len(asked), wrong


@pytest.mark.parametrize("text", ["", "?", "…", "   ", "\0", "😀", "a" * 20_000, "和 " * 5_000, "\u202e?"])
def test_nonsense_is_told_without_failing(text: str) -> None:
    follows_on(text, [Turn(text, text), Turn("What is it?", text)])
