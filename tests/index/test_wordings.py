"""Phrases, exclusions, titles and folders as conditions of both channels, over a real store."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.index.pile import SENTENCES, make_document, make_source, pair

from everask.index import Store
from everask.text import analyse_query
from everask.types import Filters

TEXTS = {
    **SENTENCES,
    "run": "I run to the market and back every day.",
    "running": "Running to the market takes ten minutes.",
}


@pytest.fixture
def pile(store: Store) -> Store:
    """One document a sentence, a vector each, half of them in a folder of their own."""
    for number, (name, text) in enumerate(TEXTS.items()):
        folder = "reports/2025" if number % 2 else "My files"
        uri = f"file:///pile/{folder.replace(' ', '%20')}/{name}.txt"
        language = name if len(name) == 2 else "en"
        document = replace(make_document(uri, text, language=language), title=f"Handbuch {name}")
        store.put_source(make_source(uri), [pair(document)])
    ids = [one[0] for one in store.pending("e", 100)]
    rows = np.random.default_rng(0).normal(size=(len(ids), 8)).astype(np.float32)
    store.put_vectors("e", ids, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return store


def found(store: Store, words: str, filters: Filters) -> tuple[set[str], set[str]]:
    """Names found by words, and by meaning."""
    lexical = [one[0] for one in store.lexical(analyse_query(words, "en"), 50, filters)]
    means = store.dense_means("e")
    dense = [one for one, _ in store.dense("e", np.eye(8, dtype=np.float32)[0], means, 50, filters)]
    names = {one: document.name for one, (_, document) in store.hits([*lexical, *dense]).items()}
    return {names[one] for one in lexical}, {names[one] for one in dense}


def test_a_phrase_is_not_blurred_by_stems(pile: Store) -> None:
    assert found(pile, "run market", Filters(phrases=("running",))) == ({"running"}, {"running"})
    assert found(pile, "run market", Filters(phrases=("run",))) == ({"run"}, {"run"})
    assert found(pile, "running market", Filters(without=("run",)))[0] == {"running"}


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("en", "TWO years"),
        ("de", "dem Tag des"),
        ("ru", "два года"),
        ("ar", "لمدة سنتين"),
        ("hi", "दो वर्ष"),
        ("th", "รับประกัน"),
        ("zh", "保修期"),
        ("ja", "保証期間"),
        ("ko", "보증 기간"),
    ],
)
def test_phrases_of_every_script(pile: Store, name: str, phrase: str) -> None:
    assert found(pile, phrase, Filters(phrases=(phrase,))) == ({name}, {name})
    assert name not in found(pile, phrase, Filters(without=(phrase,)))[1]


def test_the_list_is_complete_whatever_the_other_words_are(pile: Store) -> None:
    by_words, by_meaning = found(pile, "zebra market", Filters(phrases=("warranty of this",)))
    assert by_words == by_meaning == {"en"}


def test_titles_and_folders(pile: Store) -> None:
    assert found(pile, "market", Filters(titles=("handbuch RUNNING",)))[1] == {"running"}
    halves = [found(pile, "market", Filters(folders=(one,)))[1] for one in ("reports", "my files")]
    assert halves[0] | halves[1] == set(TEXTS) and not halves[0] & halves[1]
    assert found(pile, "market", Filters(folders=("reports/2025",)))[1] == halves[0]
    assert found(pile, "market", Filters(folders=("%", "_")))[1] == set()
    assert found(pile, "market", Filters(folders=("/pile/reports",)))[1] == halves[0]


def test_a_phrase_in_the_title_counts_for_every_passage(pile: Store) -> None:
    assert found(pile, "market", Filters(phrases=("Handbuch run",)))[1] == {"run"}


def test_the_list_by_meaning_is_complete_in_a_large_pile(store: Store) -> None:
    lines = [
        f"Number {one}: {'common words' if one % 10 else 'a running needle'} stand here."
        for one in range(900)
    ]
    lines += ["Run, needle, run."] * 50
    uri = "file:///pile/lines.txt"
    store.put_source(make_source(uri), [pair(make_document(uri, "\n".join(lines)))])
    ids = [one[0] for one in store.pending("e", 1000)]
    rows = np.random.default_rng(1).normal(size=(len(ids), 8)).astype(np.float32)
    store.put_vectors("e", ids, rows / np.linalg.norm(rows, axis=1, keepdims=True))
    query, means = np.eye(8, dtype=np.float32)[0], store.dense_means("e")
    for filters, number in (
        (Filters(phrases=("running needle",)), 40),
        (Filters(phrases=("common words",)), 40),
        (Filters(without=("common words",)), 40),
        (Filters(without=("common words", "running", "stand")), 40),
        (Filters(phrases=("Number 10", "needle")), 1),
        (Filters(phrases=("run",), without=("running",)), 40),
    ):
        found = [one for one, _ in store.dense("e", query, means, 40, filters)]
        every = [one for one, _ in store.dense("e", query, means, 950, filters)]
        assert found == every[:40] and len(found) == number


NASTY = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            '" OR "',
            "'); DROP TABLE passages;--",
            "NEAR(",
            "a AND",
            "*",
            "^a",
            "body:a",
            "\0",
            "{",
            "🙂 a",
            "a" * 300,
        ]
    ),
)


def test_whatever_is_asked_for_is_data(pile: Store) -> None:
    @given(NASTY, NASTY, NASTY)
    @settings(max_examples=60, deadline=None)
    def ask(phrase: str, without: str, title: str) -> None:
        filters = Filters(phrases=(phrase,), without=(without,), titles=(title,), folders=(title,))
        found(pile, phrase, filters)

    ask()
    assert pile.counts().documents == len(TEXTS)
