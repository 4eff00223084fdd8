"""Phrases: whole words, ends at pauses, in every script; vectors by phrase, and what they find."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from everask.models.phrase_encoder import cut, max_sim, nearest_span, score_spans
from everask.models.phrase_encoder.model import pool
from everask.text import words

Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]

TEXTS = {
    "en": "The warranty lasts 24 months from the date of purchase, but the battery is excluded; "
    "its capacity falls by 3.5 percent a year. Send the device to the service centre, and keep the receipt.",
    "de": "Die Garantie gilt 24 Monate ab dem Kaufdatum, der Akku ist jedoch ausgenommen; seine Kapazität "
    "sinkt um 3,5 Prozent im Jahr. Schicken Sie das Gerät an den Kundendienst.",
    "zh": "打印机的默认管理员密码是八位数字，印在机器背面。"
    "每次更换墨盒后需要校准，否则打印质量会下降；请联系客服中心。",
    "ja": "保証期間は購入日から二十四か月ですが、電池は対象外です。容量は一年に三パーセント下がります。",
    "th": "การรับประกันมีอายุยี่สิบสี่เดือนนับจากวันที่ซื้อ แต่ไม่รวมแบตเตอรี่ ความจุลดลงสามเปอร์เซ็นต์ต่อปี",
    "ar": "يسري الضمان أربعة وعشرين شهرا من تاريخ الشراء، لكن البطارية مستثناة؛ "
    "وتنخفض سعتها كل عام. أرسل الجهاز.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_phrases_hold_every_word_once(language: str) -> None:
    text = TEXTS[language]
    spans = cut(text, language)
    assert 2 <= len(spans) <= 12
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    for start, end in words(text, language):
        assert sum(first <= start and end <= last for first, last in spans) == 1


def test_phrases_end_at_pauses() -> None:
    found = [TEXTS["en"][start:end] for start, end in cut(TEXTS["en"], "en")]
    assert any(one.endswith("date of purchase") for one in found)
    assert any(one.endswith("is excluded") for one in found)
    assert any("3.5 percent" in one for one in found)


@pytest.mark.parametrize("text", ["", " \n", "?!…", "word", "a" * 5000, "word " * 3000])
def test_odd_texts_are_cut(text: str) -> None:
    spans = cut(text, "en")
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert bool(spans) == bool(text.strip())


def test_vectors_belong_to_their_phrases() -> None:
    states = np.array([[2, 0], [4, 0], [0, 3], [0, 1]], np.float32)
    places = [(0, 3), (4, 6), (7, 9), (9, 11)]
    phrases = pool(states, places, [(0, 6), (7, 11), (12, 20)])
    assert phrases.spans == ((0, 6), (7, 11))
    assert np.allclose(phrases.vectors, [[1, 0], [0, 1]])
    assert max_sim(np.array([[1, 0], [0, 5]], np.float32), phrases.vectors) == pytest.approx(1.0)


class _Encoder:
    """A word has a vector by its first letter."""

    def encode_tokens(self, text: str, *, is_query: bool = False) -> tuple[Vectors, list[tuple[int, int]]]:
        places = words(text, "en")
        rows = np.zeros((len(places), 26), np.float32)
        for row, (start, _) in enumerate(places):
            rows[row, ord(text[start].lower()) - ord("a")] = 1
        return rows, places


def test_the_nearest_span_holds_what_is_asked() -> None:
    text = "Apples are big. Cats drink milk. Every fish goes."
    spans = [(0, 15), (16, 32), (33, 49)]
    asked, _ = _Encoder().encode_tokens("milk cats")
    assert nearest_span(asked, text, spans, _Encoder()) == (16, 32)
    states, places = _Encoder().encode_tokens(text)
    scores = score_spans(asked, states, places, [*spans, (60, 70)])
    assert int(np.argmax(scores)) == 1
    assert scores[3] == -1


def test_nothing_to_find_is_no_error() -> None:
    none = np.zeros((0, 26), np.float32)
    assert max_sim(np.ones((1, 26), np.float32), none) == -1
    assert nearest_span(none, "One. Two.", [(0, 4), (5, 9)], _Encoder()) is None
    assert nearest_span(np.ones((1, 26), np.float32), "One.", [(0, 4)], _Encoder()) is None
