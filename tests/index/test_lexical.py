"""Search by words: every script and sign is found, scores stay under their bound, common words are cut."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from tests.index.pile import SENTENCES, make_document, make_source, pair

from everask.index import Store, lexical
from everask.text import analyse, analyse_query

ODD_TOKENS = ["c++", "3.5", "§5", "don't", 'say"so"', "a\\b", "[x]", "*", "-x", "'"]
ODD_TOKENS += ["🫠", "👍🏽", "ไทย", "हिन्दी", "ك"]


def put_tokens(store: Store, monkeypatch: pytest.MonkeyPatch, lines: list[str]) -> None:
    monkeypatch.setattr("everask.index.spool.analyse", lambda text, language: text.split())
    document = make_document("file:///pile/odd.txt", "\n".join(lines))
    store.put_source(make_source(document.uri), [pair(document)])


@pytest.mark.parametrize("language", SENTENCES)
def test_every_word_of_every_language_is_found(store: Store, language: str) -> None:
    for spoken, sentence in SENTENCES.items():
        document = make_document(f"file:///pile/{spoken}.txt", sentence, language=spoken)
        store.put_source(make_source(document.uri), [pair(document)])
    sentence = SENTENCES[language]
    wanted = store.passages(store.find_document(language).id)[0].id
    for token in analyse(sentence, language):
        assert wanted in [hit[0] for hit in store.lexical([token], 20)], token
    assert store.lexical(analyse_query(sentence, language), 3)[0][0] == wanted


def test_tokens_with_signs_are_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tokens(store, monkeypatch, ODD_TOKENS)
    passages = store.passages(store.find_document("odd").id)
    for passage in passages:
        found = store.lexical([passage.text], 10)
        assert [hit[0] for hit in found] == [passage.id], passage.text
    for part in ("c", "3", "5", "so", "x", "b"):
        assert not store.lexical([part], 10)


def test_long_tokens_are_found_by_their_beginning(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tokens(store, monkeypatch, ["x" * 50_000])
    assert len(store.lexical(["x" * 50_000], 10)) == 1


def test_scores_are_bm25_and_under_their_bound(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["red green blue", "red red apple tree in the green garden", "blue sky", "nothing here"]
    put_tokens(store, monkeypatch, lines)
    query = ["red", "green", "absent"]
    frequency = Counter(token for line in lines for token in set(line.split()))
    lengths = [len(line.split()) for line in lines]

    def weight(token: str) -> float:
        return math.log1p((len(lines) - frequency[token] + 0.5) / (frequency[token] + 0.5))

    def score(at: int) -> float:
        norm = 1.2 * (0.25 + 0.75 * lengths[at] / (sum(lengths) / len(lengths)))
        times = Counter(lines[at].split())
        return sum(weight(one) * times[one] * 2.2 / (times[one] + norm) for one in ("red", "green"))

    hits = store.lexical(query, 10)
    assert [round(hit[1], 9) for hit in hits] == sorted((round(score(at), 9) for at in (0, 1)), reverse=True)
    for hit in hits:
        assert 0 < hit.score <= hit.most == pytest.approx(sum(map(weight, query)) * 2.2)
        assert 0 < hit.held <= 1 and hit.headed == 0


def test_headings_are_found_and_count_less(store: Store) -> None:
    under = make_document("file:///pile/under.txt", "some text of no importance")
    inside = make_document("file:///pile/inside.txt", "some text of the warranty")
    store.put_source(make_source(under.uri), [pair(under, headings=("Warranty",))])
    store.put_source(make_source(inside.uri), [pair(inside)])
    found = store.hits([hit[0] for hit in store.lexical(["warranty"], 5)])
    assert [info.name for _, info in found.values()] and len(found) == 2
    assert found[store.lexical(["warranty"], 5)[0][0]][1].name == "inside"


def test_common_words_bring_no_candidates_but_count(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical, "RARE_PASSAGES", 5)
    lines = ["the " * 3 + f"w{at}" for at in range(60)] + ["rare thing", "rare the", "rare word"]
    put_tokens(store, monkeypatch, lines)
    passages = {one.id: one.text for one in store.passages(store.find_document("odd").id)}
    hits = store.lexical(["the", "rare"], 10)
    assert passages[hits[0][0]] == "rare the"
    assert len(hits) == 3
    monkeypatch.setattr(lexical, "MAX_FIRST", 10)
    assert len(store.lexical(["the"], 10)) == 10


def test_nothing_to_find(store: Store) -> None:
    assert store.lexical(["word"], 5) == []
    assert store.lexical([], 5) == []
