"""Cleaning, tokens, words, marks and language, on real words of many scripts."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everask.text import analyse, analyse_query, clean, language_of, mark, sentences, words

# One sentence a language, and words of it, some inflected, alone as a user would type them.
FOUND = [
    ("en", "The warranty of the houses covers 1,000 repairs.", ["warranty", "house", "1000", "REPAIR"]),
    ("en", "Send an e-mail over WiFi.", ["email", "e-mail", "wi-fi", "mail"]),
    ("de", "Die Häuser an der Straße haben z. B. Garantie.", ["Häuser", "hauser", "STRASSE", "Garantie"]),
    ("fr", "L'hôtel est fermé pendant l'été.", ["hotel", "été", "fermé"]),
    ("ru", "Ёлки стоят в домах.", ["елки", "домах", "дом"]),
    ("el", "Οι δρόμοι της Αθήνας.", ["ΔΡΟΜΟΙ", "Αθηνας"]),
    ("tr", "İstanbul'da ISLAK sokaklar", ["istanbul", "ıslak", "sokaklar"]),
    ("ar", "هذه مَدْرَسَة كبيرة في القاهرة", ["مدرسة", "مدرسه", "القاهره", "كبيرة"]),
    ("he", "הַסֵּפֶר הַטּוֹב", ["הספר"]),
    ("fa", "کتاب‌های خوب", ["كتابهاي"]),
    ("hi", "लड़का क़लम से लिखता है", ["कलम", "लड़का"]),
    ("th", "มหาวิทยาลัยเชียงใหม่ตั้งอยู่ในจังหวัดเชียงใหม่", ["มหาวิทยาลัย", "เชียงใหม่", "จังหวัด", "ใน"]),
    ("lo", "ປະເທດລາວມີພູເຂົາ", ["ປະເທດ", "ລາວ"]),
    ("km", "ប្រទេសកម្ពុជា", ["ប្រទេស", "កម្ពុជា"]),
    ("my", "မြန်မာနိုင်ငံ", ["မြန်မာ", "နိုင်ငံ"]),
    ("zh", "保修期是两年，𠀀字也要找到。", ["保修期", "两年", "期", "𠀀"]),
    ("ja", "東京都のｺﾝﾋﾟｭｰﾀは速い。", ["コンピュータ", "東京", "都", "速い"]),
    ("ko", "서울에서 물을 마셨다", ["서울", "물", "마셨다"]),
    ("vi", "Đường phố Hà Nội", ["Hà Nội", "duong", "pho"]),
]


@pytest.mark.parametrize(("language", "text", "asked"), FOUND)
def test_a_word_of_a_document_is_found_whatever_its_language_is_taken_for(
    language: str, text: str, asked: list[str]
) -> None:
    tokens = set(analyse(text, language))
    for word in asked:
        for guess in (language, language_of(word), "und", "en"):
            assert tokens & set(analyse_query(word, guess)), (word, guess)


def test_tokens_hold_no_spaces() -> None:
    for language, text, _ in FOUND:
        assert all(
            token and not any(c.isspace() or c == "\0" for c in token) for token in analyse(text, language)
        )


def test_an_inflected_word_of_a_question_meets_another_form() -> None:
    assert set(analyse("The warranties", "en")) & set(analyse_query("what is covered by a warranty", "en"))
    assert set(analyse("The warranties", "en")) & set(analyse_query("warranty", "und"))
    assert set(analyse("in den Häusern", "de")) & set(analyse_query("welches Haus steht hier am Fluss", "de"))


def test_clean_removes_what_cannot_be_seen() -> None:
    assert clean("Gara\u00adn\u200btie \u202e\ufeffﬁne\U000e0041 \n\n e\u0301") == "Garantie fine é"


def test_words_keep_offsets_beyond_the_first_plane() -> None:
    text = "😀 Hello 𠀀𠀁字 สวัสดีครับ"
    found = [text[start:end] for start, end in words(text, "zh")]
    assert found[0] == "Hello"
    assert "".join(found) == text.replace("😀", "").replace(" ", "")


def test_marks_show_the_words_that_were_asked_for() -> None:
    text = "Die Häuser und die Bäume. 保修期是两年。มหาวิทยาลัยเชียงใหม่"
    assert [text[a:b] for a, b in mark(text, analyse_query("haus", "de"), "de")] == ["Häuser"]
    assert [text[a:b] for a, b in mark(text, analyse_query("保修期", "zh"), "zh")] == ["保修期"]
    assert [text[a:b] for a, b in mark(text, analyse_query("เชียงใหม่", "th"), "th")] == ["เชียงใหม่"]
    asked = analyse_query("what is in the house", "en")
    assert mark("The house in the USA", asked, "en") == ((4, 9),)
    assert mark("The house in the USA", analyse_query("usa", "en"), "en") == ((17, 20),)


@given(st.text())
def test_any_text_can_be_analysed(text: str) -> None:
    for language in ("en", "th", "zh", "und"):
        spans = [*words(text, language), *sentences(text, language), *mark(text, ["a", "的"], language)]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        analyse(text, language)
        analyse_query(text, language)
    assert clean(clean(text)) == clean(text)


LANGUAGES = [
    ("Wie lange gilt die Garantie?", "de"),
    ("How long is the warranty valid?", "en"),
    ("¿Cuánto dura la garantía?", "es"),
    ("Сколько действует гарантия?", "ru"),
    ("كم مدة الضمان؟", "ar"),
    ("वारंटी कितने साल की है?", "hi"),
    ("保修期多长？", "zh"),
    ("保証期間は？", "ja"),
    ("보증 기간", "ko"),
    ("ประกัน", "th"),
    ("12345 !?", "und"),
    ("", "und"),
]


@pytest.mark.parametrize(("text", "language"), LANGUAGES)
def test_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_language_from_many_threads() -> None:
    wrong: list[str] = []

    def ask() -> None:
        wrong.extend(text for text, language in LANGUAGES * 20 if language_of(text) != language)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize(
    "text", ["." * 200_000 + "a", " " * 200_000, "1." * 100_000, "ก" * 100_000, "a" * 200_000]
)
def test_hostile_text_takes_no_longer_than_other_text(text: str) -> None:
    started = time.monotonic()
    sentences(text, "th")
    analyse(text, "th")
    clean(text)
    assert time.monotonic() - started < 5
