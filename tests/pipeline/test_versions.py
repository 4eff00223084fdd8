"""Real small files through the engine: documents that disagree, and two versions of one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import everask
from everask.pipeline import Engine

# A question, a sentence, and what is asked about in two documents and in two versions of one.
ASKED = {
    "en": ("How long is the warranty of the {}?", "The warranty of the {} is {} months.", "pump", "heater"),
    "de": ("Wie lange gilt die Garantie {}?", "Die Garantie {} gilt {} Monate.", "der Pumpe", "des Ofens"),
    "es": ("¿Cuánto dura la garantía {}?", "La garantía {} dura {} meses.", "de la bomba", "del horno"),
    "zh": ("{}的保修期是多长？", "{}的保修期为{}个月。", "水泵", "烤箱"),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A pile of four documents in each language; answers are quotes."""
    folder = tmp_path_factory.mktemp("versions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVERASK_MODELS_GENERATOR", "none")
        for language, (_, sentence, rival, renewed) in ASKED.items():
            pile = folder / "pile" / language
            pile.mkdir(parents=True)
            (pile / "shop.txt").write_text(sentence.format(rival, 24), "utf-8")
            (pile / "letter.txt").write_text(sentence.format(rival, 32), "utf-8")
            (pile / "manual v2.txt").write_text(sentence.format(renewed, 36), "utf-8")
            (pile / "manual v1.txt").write_text(sentence.format(renewed, 18), "utf-8")
        with everask.open(folder / "data") as opened:
            opened.add([folder / "pile"])
            opened.wait_for_vectors()
            yield opened


@pytest.mark.parametrize("language", ASKED)
def test_two_documents_disagree(engine: Engine, language: str) -> None:
    question, _, rival, _ = ASKED[language]
    made = engine.ask(question.format(rival))
    note = next(one for one in made.notes if one.kind == "disagreement")
    assert "24" in note.text and "32" in note.text
    assert {one.document for one in note.citations} == {f"{language}/shop", f"{language}/letter"}


@pytest.mark.parametrize("language", ASKED)
def test_the_newer_version_answers(engine: Engine, language: str) -> None:
    question, _, _, renewed = ASKED[language]
    made = engine.ask(question.format(renewed))
    assert "36" in made.claims[0].text and "18" not in made.text
    note = next(one for one in made.notes if one.kind == "newer")
    assert [one.document for one in note.citations] == [f"{language}/manual v2", f"{language}/manual v1"]
    assert "18" in note.text


def test_an_abstention_names_its_words(engine: Engine) -> None:
    made = engine.ask("Who was the emperor of Ethiopia in 1930?")
    assert made.abstained and "emperor" in made.looked_for[0] and made.nearest
