"""Stores of an earlier analysis are noticed, and their passages analysed anew from what is stored of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.index.pile import SENTENCES, make_document, make_source, pair

from everask.index import Store, renewal, spool
from everask.text import analyse

OLD = "old"


def old_analysis(text: str, language: str) -> list[str]:
    """An analysis that knows nothing but one word for everything."""
    return [OLD] * len(analyse(text, language)[:3])


@pytest.fixture
def old_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store as an earlier version left it, with vectors."""
    with monkeypatch.context() as earlier:
        earlier.setattr(renewal, "ANALYSIS", 1)
        earlier.setattr(spool, "analyse", old_analysis)
        with Store.open(tmp_path / "data") as store:
            for language, text in SENTENCES.items():
                uri = f"file:///pile/{language}.txt"
                store.put_source(make_source(uri), [pair(make_document(uri, text, language=language))])
            ids = [one[0] for one in store.pending("e", 50)]
            store.put_vectors("e", ids, np.eye(len(ids), 16, dtype=np.float32))
            assert store.num_outdated() == 0
            assert len(store.lexical([OLD], 50)) == len(SENTENCES)
    return tmp_path / "data"


def test_words_are_renewed_and_vectors_stay(old_store: Path) -> None:
    with Store.open(old_store) as store:
        assert store.num_outdated() == len(SENTENCES)
        assert not store.lexical(["warranti"], 5)
        assert store.renew_words() == len(SENTENCES)
        assert store.num_outdated() == store.renew_words() == 0
        assert not store.lexical([OLD], 5) and len(store.lexical(["warranti"], 5)) == 1
        assert store.counts().vectors["e"] == len(SENTENCES)
        assert store.check() == []
        # What is read again is the same as what was renewed, and keeps its vector.
        uri = "file:///pile/en.txt"
        store.put_source(make_source(uri), [pair(make_document(uri, SENTENCES["en"]))])
        assert store.counts().vectors["e"] == len(SENTENCES)


def test_it_may_stop_anywhere_and_goes_on(old_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "BATCH", 2)
    with Store.open(old_store) as store:
        assert store.renew_words(3) == 4
        uri = "file:///pile/new.txt"
        store.put_source(make_source(uri), [pair(make_document(uri, "A quokka is not a cat."))])
        assert store.num_outdated() == len(SENTENCES) - 4
    with Store.open(old_store) as store:
        assert store.renew_words(stopped=lambda: True) == 0
        assert store.renew_words() == len(SENTENCES) - 4
        assert not store.lexical([OLD], 5) and store.check() == []


def test_a_damaged_passage_stops_nothing(old_store: Path) -> None:
    with Store.open(old_store) as store:
        with store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE passages SET data = x'00' WHERE id = 3")
        assert store.renew_words() == len(SENTENCES)
        assert store.num_outdated() == 0


def test_a_new_store_is_of_this_version(store: Store) -> None:
    assert store.num_outdated() == store.renew_words() == 0
