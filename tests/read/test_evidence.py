"""Evidence is the right sentence, with exact offsets and a believable probability."""

from __future__ import annotations

import time

import pytest

from everask.encoder import open_encoder
from everask.packs import default_folder
from everask.read import ReadSettings, find_evidence
from everask.types import DocumentInfo, Hit, Passage, Query

EN = (
    "The pump was designed in Ulm in 1987. The warranty lasts 24 months from the day of purchase."
    " Clean the filter every week with warm water. Do not open the housing."
)
DE = "Die Pumpe wurde 1987 entworfen. Die Garantie gilt 24 Monate ab Kauf. Der Filter ist sauber."
ZH = "该泵于1987年在乌尔姆设计。保修期为自购买之日起24个月。每周用温水清洗过滤器。"
OTHER = "Whales are mammals. They live in the sea and eat krill. Some weigh 150 tonnes."


def hits(*texts: tuple[str, str], matched: float = 0.7) -> list[Hit]:
    """Hits on these (text, language), best first; the first matched this share of the question's words."""
    made: list[Hit] = []
    for rank, (text, language) in enumerate(texts):
        start = 50 * rank
        passage = Passage(rank, f"d{rank}", 0, start, start + len(text), text, text, language)
        info = DocumentInfo(f"d{rank}", f"d{rank}", f"file:///{rank}", "", "text/plain", language, 0.0, 9, 1)
        made.append(Hit(passage, info, 1 / (1 + rank), {"lexical": matched / (1 + rank)}))
    return made


@pytest.mark.parametrize(
    ("question", "language", "text", "wanted"),
    [
        ("How long does the warranty last?", "en", EN, "24 months"),
        ("When was the pump designed?", "en", EN, "1987"),
        ("How often must the filter be cleaned?", "en", EN, "every week"),
        ("Wie lange gilt die Garantie?", "de", DE, "24 Monate"),
        ("保修期多长？", "zh", ZH, "24个月"),
    ],
)
def test_the_right_sentence_comes_first(question: str, language: str, text: str, wanted: str) -> None:
    found = find_evidence(Query(question, language), hits((OTHER, "en"), (text, language)), None)
    assert wanted in found[0].text
    passage = found[0].hit.passage
    assert found[0].text == passage.text[found[0].start - passage.start : found[0].end - passage.start]
    assert sum(one.probability for one in found) > 0.3


def test_probabilities_are_shares_and_fall_for_what_is_not_there() -> None:
    found, poor = hits((EN, "en"), (OTHER, "en")), hits((EN, "en"), (OTHER, "en"), matched=0.1)
    asked = find_evidence(Query("How long does the warranty last?", "en"), found, None)
    absent = find_evidence(Query("Who painted the Mona Lisa in 1503?", "en"), poor, None)
    chances = [one.probability for one in asked]
    assert chances == sorted(chances, reverse=True) and 0 < sum(chances) <= 1
    assert sum(one.probability for one in absent) < 0.3 < sum(chances)


def test_limits_hold_and_no_hits_are_no_evidence() -> None:
    assert find_evidence(Query("Why?", "en"), [], None) == []
    many = hits(*[(f"{OTHER} Number {at}.", "en") for at in range(20)])
    found = find_evidence(
        Query("What do they eat in the sea?", "en"), many, None, ReadSettings(num_evidence=3)
    )
    assert len(found) == 3 and "krill" in found[0].text


@pytest.mark.parametrize("question", ["", "?", "   ", "的", "🙂", "a" * 5000])
def test_odd_questions_are_survived(question: str) -> None:
    for language in ("en", "zh", "und", "xx"):
        find_evidence(Query(question, language), hits((EN, "en"), (ZH, "zh")), None)


def test_reading_is_quick_without_an_encoder() -> None:
    many = hits(*[(f"{EN} {OTHER} {at}", "en") for at in range(8)])
    find_evidence(Query("How long does the warranty last?", "en"), many, None)
    started = time.process_time()
    find_evidence(Query("How long does the warranty last?", "en"), many, None)
    assert time.process_time() - started < 0.3


def test_vectors_find_the_sentence_across_languages() -> None:
    folder = default_folder() / "e5-small-built"
    if not folder.is_dir():
        pytest.skip("the encoder is not built: everask models pull e5-small")
    encoder = open_encoder(folder)
    found = find_evidence(
        Query("Wie lange gilt die Garantie?", "de"), hits((OTHER, "en"), (EN, "en")), encoder
    )
    assert "24 months" in found[0].text
    found = find_evidence(
        Query("When was the pump designed?", "en"), hits((OTHER, "en"), (ZH, "zh")), encoder
    )
    assert "1987" in found[0].text
