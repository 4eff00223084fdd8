"""Search over a real store: words of every language, meaning across languages, their fusion, rights."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from everask.index import Store
from everask.ingest import split
from everask.retrieve import RetrieveSettings, search
from everask.retrieve.search import PREFERRED
from everask.types import Document, Filters, Query, Source

TEXTS = {
    "en": "The warranty of this device is valid for two years from the day of purchase.",
    "de": "Die Garantie dieses Geräts gilt zwei Jahre ab dem Tag des Kaufs.",
    "ru": "Гарантия на это устройство действует два года со дня покупки.",
    "ar": "يسري ضمان هذا الجهاز لمدة سنتين من تاريخ الشراء.",
    "hi": "इस उपकरण की वारंटी खरीद के दिन से दो वर्ष तक मान्य है।",
    "th": "การรับประกันอุปกรณ์นี้มีผลสองปีนับจากวันที่ซื้อ",
    "zh": "本设备的保修期为自购买之日起两年。",
    "ja": "この機器の保証期間は購入日から二年間です。",
    "ko": "이 기기의 보증 기간은 구입일로부터 2년입니다.",
}
WORDS = {
    "en": "warranty",
    "de": "Garantie",
    "ru": "гарантия",
    "ar": "ضمان",
    "hi": "वारंटी",
    "th": "ประกัน",
    "zh": "保修期",
    "ja": "保証",
    "ko": "보증",
}
OTHER = {
    "en": "The cake is baked in the oven for forty minutes at a moderate heat.",
    "de": "Der Kuchen wird vierzig Minuten bei mittlerer Hitze im Ofen gebacken.",
}
ENCODER = "by-hand"
AXES = 6


class TopicEncoder:
    """Vectors by hand: one axis a topic, one a language, as real encoders' vectors have."""

    id = ENCODER

    def encode_query(self, text: str, /) -> NDArray[np.float32]:
        """The vector of a query about warranties, in German where it looks so."""
        return vector("cake" if "cake" in text else "warranty", "de" if "Gar" in text else "en")


def vector(topic: str, language: str) -> NDArray[np.float32]:
    """A unit vector in which the language weighs more than the topic."""
    row = np.zeros(AXES, np.float32)
    row[{"warranty": 0, "cake": 1}[topic]] = 1.0
    row[{"en": 2, "de": 3}.get(language, 4)] = 2.0
    unit: NDArray[np.float32] = row / np.linalg.norm(row)
    return unit


def put(store: Store, name: str, text: str, language: str, groups: tuple[str, ...] = ()) -> None:
    """Add one document."""
    content = hashlib.sha256(text.encode()).hexdigest()
    document = Document(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        name=name,
        uri=f"file:///pile/{name}",
        title="",
        media_type="text/plain",
        content=content,
        language=language,
        modified=1.0,
        size=len(text),
        text=text,
        groups=groups,
    )
    source = Source(document.uri, "file:///pile", (1, 1, 1), content, "ok", "", 1, 1.0)
    store.put_source(source, [(document, split(document))])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


def encode(store: Store, topics: Mapping[str, str]) -> None:
    """Give every passage the vector of its document's topic."""
    waiting = store.pending(ENCODER, 100)
    found = store.hits([number for number, _, _ in waiting])
    rows = [vector(topics[found[number][1].name], language) for number, _, language in waiting]
    store.put_vectors(ENCODER, [number for number, _, _ in waiting], np.stack(rows))
    means = {
        code: np.asarray((vector("warranty", code) + vector("cake", code)) / 2, np.float32)
        for code in ("en", "de")
    }
    store.maintain(ENCODER, means)  # as Everask ships them, for piles that are too small for their own


@pytest.mark.parametrize("language", TEXTS)
def test_a_word_finds_its_passage_and_is_marked(store: Store, language: str) -> None:
    for code, text in TEXTS.items():
        put(store, code, text, code)
    (hit, *_) = search(Query(WORDS[language], language), store, None)
    assert hit.document.name == language
    assert set(hit.channels) == {"lexical"}
    marked = [hit.passage.text[start:end] for start, end in hit.marks]
    assert any(WORDS[language][1:] in part or part in WORDS[language] for part in marked)


def test_meaning_finds_other_languages_and_puts_the_askers_first(store: Store) -> None:
    for code in ("en", "de"):
        put(store, f"warranty-{code}", TEXTS[code], code)
        put(store, f"cake-{code}", OTHER[code], code)
    encode(store, {f"{topic}-{code}": topic for topic in ("warranty", "cake") for code in ("en", "de")})
    names = [hit.document.name for hit in search(Query("warranty?", "en"), store, TopicEncoder())]
    assert names[:2] == ["warranty-en", "warranty-de"]
    names = [hit.document.name for hit in search(Query("Garantie?", "de"), store, TopicEncoder())]
    assert names[:2] == ["warranty-de", "warranty-en"]


def test_new_documents_are_found_by_words_before_they_have_vectors(store: Store) -> None:
    put(store, "warranty-en", TEXTS["en"], "en")
    encode(store, {"warranty-en": "warranty"})
    put(store, "cake-en", OTHER["en"], "en")
    (hit, *_) = search(Query("cake oven", "en"), store, TopicEncoder())
    assert hit.document.name == "cake-en"


def test_filters_and_rights_hold_in_both_channels(store: Store) -> None:
    put(store, "warranty-en", TEXTS["en"], "en", groups=("staff",))
    put(store, "warranty-de", TEXTS["de"], "de")
    encode(store, {"warranty-en": "warranty", "warranty-de": "warranty"})
    asked = Query("warranty", "en", groups=("guests",))
    assert [hit.document.name for hit in search(asked, store, TopicEncoder())] == ["warranty-de"]
    asked = Query("warranty", "en", Filters(languages=("de",)))
    assert [hit.document.name for hit in search(asked, store, TopicEncoder())] == ["warranty-de"]


@pytest.mark.parametrize("text", ["", "   ", "?!", '"', "AND OR NOT (", "\0", "x" * 5000])
def test_any_query_is_answered(store: Store, text: str) -> None:
    put(store, "warranty-en", TEXTS["en"], "en")
    encode(store, {"warranty-en": "warranty"})
    assert len(search(Query(text, "und"), store, TopicEncoder())) <= 1
    assert search(Query(text, "und"), store, None) == []


def test_the_reasons_add_up_to_the_score(store: Store) -> None:
    for code in ("en", "de"):
        put(store, f"warranty-{code}", TEXTS[code], code)
        put(store, f"cake-{code}", OTHER[code], code)
    encode(store, {f"{topic}-{code}": topic for topic in ("warranty", "cake") for code in ("en", "de")})
    hits = search(Query("Garantie dieses Geräts", "de"), store, TopicEncoder(), with_reasons=True)
    assert len(hits) == 4
    for hit in hits:
        assert sum(reason.score for reason in hit.reasons) == pytest.approx(hit.score, abs=1e-5)
        assert [reason.kind for reason in hit.reasons] == ["words", "meaning", "language"]
    assert hits[0].document.name == "warranty-de"
    because = [reason.because for reason in hits[0].reasons]
    assert "'garantie' ×1" in because[0] and because[1].startswith("cosine ") and because[2] == "own language"


def test_what_is_quoted_in_a_question_comes_earlier_and_the_reasons_say_so(store: Store) -> None:
    put(store, "other", "The years of warranty are two, says the manual of the machine.", "en")
    put(store, "quoted", "Of warranty the machine has two years, says the manual.", "en")
    asked = Query("warranty two years machine manual", "en")
    plain = {hit.document.name: hit.score for hit in search(asked, store, None)}
    first, second = search(replace(asked, preferred=("two years",)), store, None, with_reasons=True)
    assert (first.document.name, second.document.name) == ("quoted", "other")
    assert first.score == pytest.approx(plain["quoted"] + PREFERRED, abs=1e-5)
    assert second.score == pytest.approx(plain["other"], abs=1e-5)
    assert "“two years”" in first.reasons[0].because and "“" not in second.reasons[0].because


def test_without_an_encoder_the_score_is_of_words_alone(store: Store) -> None:
    put(store, "warranty-en", TEXTS["en"], "en")
    (hit,) = search(Query("warranty", "en"), store, None, with_reasons=True)
    assert [reason.score for reason in hit.reasons] == [pytest.approx(hit.score), 0, 0]
    assert hit.reasons[1].because == "no vector yet"


def test_a_translation_in_the_askers_language_comes_before_what_it_translates(store: Store) -> None:
    put(store, "warranty-en", TEXTS["en"], "en")
    put(store, "warranty-de", f"Gerät kaputt? {TEXTS['de']}", "de")
    encode(store, {"warranty-en": "warranty", "warranty-de": "warranty"})
    asked = Query("warranty device valid two years Gar", "de")  # all of its words are in the English one
    untouched = search(asked, store, TopicEncoder(), settings=RetrieveSettings(num_twins=0))
    assert [hit.document.name for hit in untouched] == ["warranty-en", "warranty-de"]
    first, second = search(asked, store, TopicEncoder(), with_reasons=True)
    assert [first.document.name, second.document.name] == ["warranty-de", "warranty-en"]
    assert "found in another" in first.reasons[2].because
    assert "after the same" in second.reasons[2].because
    for before, hit in ((untouched[1], first), (untouched[0], second)):
        assert sum(reason.score for reason in hit.reasons) == pytest.approx(hit.score, abs=1e-5)
        assert before.score != hit.score
