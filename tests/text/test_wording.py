"""Phrases are matched word for word, in every script."""

from __future__ import annotations

import pytest

from everask.text import analyse, holds, wording_tokens

HELD = [
    ("Running shoes are fine.", "running"),
    ("I run fast", "RUN"),
    ("Die Garantie gilt zwei Jahre.", "zwei jahre"),
    ("ends in two years. From then on", "two years from"),
    ("本设备的保修期为两年", "保修期"),
    ("iPhone手机保修", "iphone手机"),
    ("サーバーの設定", "サーバー"),
    ("ｻｰﾊﾞｰの設定", "サーバー"),
    ("การรับประกันอุปกรณ์นี้", "รับประกัน"),
    ("이 기기의 보증 기간은", "보증 기간"),
    ("इस उपकरण की वारंटी", "उपकरण की"),
    ("هذا الجهاز", "هٰذا الجهاز"),
    ("le résumé de l’année", "resume de"),
    ("C++ and Rust", "C++"),
    ("100 % sure", "100%"),
    ("a 3.5 mm jack", "3.5"),
    ("１２３ＡＢＣ", "123abc"),
    ("see _id_ here", "id"),
]
NOT_HELD = [
    ("Running shoes", "run"),
    ("I run", "running"),
    ("zwei lange Jahre", "zwei Jahre"),
    ("Jahre zwei", "zwei Jahre"),
    ("保 修 期", "保修期"),
    ("C and D", "C++"),
    ("a 3.5 mm jack", "5"),
    ("resume it", "résumé"),
    ("वारंटी", "वारंट"),
    ("anything", "!!!"),
    ("anything", ""),
]


@pytest.mark.parametrize(("text", "wording"), HELD)
def test_held(text: str, wording: str) -> None:
    assert holds(text, wording)


@pytest.mark.parametrize(("text", "wording"), NOT_HELD)
def test_not_held(text: str, wording: str) -> None:
    assert not holds(text, wording)


@pytest.mark.parametrize(("text", "wording"), HELD)
@pytest.mark.parametrize("language", ["en", "de", "fr", "ja", "th", "und"])
def test_the_index_has_the_tokens_of_what_a_text_holds(text: str, wording: str, language: str) -> None:
    stream = " " + " ".join(analyse(text, language)) + " "
    for tokens in wording_tokens(wording)[0]:
        assert f" {' '.join(tokens)} " in stream
