"""Words that stand in no document, spelled as the documents spell them; only from what the asker may read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.index.pile import SENTENCES, make_document, make_source, pair

from everask.index import Store
from everask.index.vocabulary import Vocabulary
from everask.text import analyse_query


def put(store: Store, name: str, text: str, language: str, groups: tuple[str, ...] = ()) -> None:
    uri = f"file:///pile/{name}.txt"
    store.put_source(make_source(uri), [pair(make_document(uri, text, language=language, groups=groups))])


@pytest.fixture
def pile(store: Store) -> Store:
    for language, text in SENTENCES.items():
        put(store, language, text, language)
    put(store, "secret", "The zeppelin lands at midnight.", "en", ("crew",))
    put(store, "résumé", "Un résumé de la réunion.", "fr")
    return store


def spell(
    store: Store, word: str, groups: tuple[str, ...] | None = None, language: str = "und"
) -> str | None:
    return store.spell({word: analyse_query(word, "und")}, groups, language=language).get(word)


@pytest.mark.parametrize(
    ("slip", "right"),
    [
        ("warrnty", "warranty"),
        ("arwranty", "warranty"),
        ("purchhase", "purchase"),
        ("Garanite", "Garantie"),
        ("гараниия", None),
        ("устрйоство", "устройство"),
        ("वारंतटी", "वारंटी"),
        ("reunon", "réunion"),
    ],
)
def test_slips_are_found_in_every_spaced_script(pile: Store, slip: str, right: str | None) -> None:
    found = spell(pile, slip)
    assert found == right if right else found is None or found in SENTENCES["ru"]


@pytest.mark.parametrize(
    "word", ["warranty", "warranties", "years", "xylophone", "day", "dya", "2024", "保修期", ""]
)
def test_words_that_are_there_and_words_unlike_all_others_stay(pile: Store, word: str) -> None:
    assert spell(pile, word) is None


def test_the_opposite_is_no_spelling(pile: Store) -> None:
    put(pile, "opposites", "A balanced and typical increase, a known moral wheel.", "en")
    for word in ("unbalanced", "atypical", "decrease", "unknown", "amoral"):
        assert spell(pile, word) is None, word
    slips = {"bbalanced": "balanced", "ypical": "typical", "incraese": "increase", "baalnced": "balanced"}
    assert {word: spell(pile, word) for word in slips} == slips


def test_a_word_of_another_language_is_no_spelling_but_a_name_is(pile: Store) -> None:
    put(pile, "german", "Die Leitung nach Heidelberg ist unterbrochen.", "de")
    assert spell(pile, "unterbrchen", language="de") == "unterbrochen"
    assert spell(pile, "unterbrchen", language="en") is None
    assert spell(pile, "Heidelbreg", language="en") == "Heidelberg"


def test_nothing_is_told_of_what_may_not_be_read(pile: Store) -> None:
    assert spell(pile, "zepelin", ("crew",)) == spell(pile, "zepelin") == "zeppelin"
    assert spell(pile, "zepelin", ()) is None


def test_what_is_new_is_followed_and_what_is_gone_is_not_suggested(pile: Store) -> None:
    assert spell(pile, "quokkka") is None
    put(pile, "new", "A quokka is not a cat.", "en")
    assert spell(pile, "quokkka") == "quokka"
    pile.remove_source("file:///pile/new.txt")
    assert spell(pile, "quokkka") is None


def test_the_file_may_be_damaged_or_lost(pile: Store) -> None:
    pile.maintain("e", {})
    file = pile.folder / "derived" / "words.z"
    assert file.exists()
    for damage in (b"", file.read_bytes()[:-9], b"nonsense"):
        file.write_bytes(damage)
        with Store.open(pile.folder) as again:
            assert spell(again, "warrnty") == "warranty"


def test_only_as_much_is_read_as_was_allowed(pile: Store, tmp_path: Path) -> None:
    slow = Vocabulary(tmp_path)
    with pile.database.reading() as connection:
        slow.follow(connection, 3)
        few = slow.near("warrnty", 1)
        slow.follow(connection)
    assert few == [("warranty", 1)] and slow.near("устрйоство", 1)
