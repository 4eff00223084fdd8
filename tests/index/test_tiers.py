"""Rough vectors stand in for full ones: a passage has one or the other, and both are found together."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.index.pile import make_document, make_source, pair

from everask.encoder.static import MARK
from everask.index import Store, dense, vectors
from everask.types import Filters

ENCODER = "made-for-tests"
ROUGH = f"{ENCODER}{MARK}1"
DIMENSION = 32
Vectors = NDArray[np.float32]


def vector_of(passage: int) -> Vectors:
    row = np.random.default_rng(passage).standard_normal(DIMENSION).astype(np.float32)
    return row / np.float32(np.linalg.norm(row))


def add(store: Store, name: str, number: int, language: str = "en", groups: tuple[str, ...] = ()) -> str:
    text = "\n".join(f"{name} line {one} {language}" for one in range(number))
    document = make_document(f"file:///pile/{name}.txt", text, language=language, groups=groups)
    store.put_source(make_source(document.uri), [pair(document)])
    return document.id


def encode(store: Store, encoder: str, limit: int = 1_000, noise: float = 0.0) -> list[int]:
    ids = [one for one, _, _ in store.pending(encoder, limit)]
    random = np.random.default_rng(1)
    rows = [vector_of(one) + noise * random.standard_normal(DIMENSION) for one in ids]
    store.put_vectors(encoder, ids, np.asarray(rows, np.float32).reshape(len(ids), DIMENSION))
    return ids


def nearest(store: Store, passage: int, filters: Filters | None = None, groups: tuple[str, ...] = ()) -> int:
    query = vector_of(passage)
    found = store.dense(ENCODER, query, store.dense_means(ENCODER), 5, filters or Filters(), groups)
    return found[0][0]


def test_rough_vectors_find_passages_until_the_full_ones_are_there(store: Store) -> None:
    add(store, "a", 12)
    rough = encode(store, ROUGH, noise=0.05)
    assert len(rough) == 12 and store.num_pending(ENCODER) == 12
    assert all(nearest(store, one) == one for one in rough)
    full = encode(store, ENCODER, limit=5)
    assert store.counts().vectors == {ROUGH: 7, ENCODER: 5}
    assert all(nearest(store, one) == one for one in rough)
    means = store.dense_means(ENCODER)
    scores = store.cosines(ENCODER, vector_of(full[0]), means, rough)
    assert scores.keys() == set(rough)
    encode(store, ENCODER)
    assert store.counts().vectors == {ROUGH: 0, ENCODER: 12} and store.num_pending(ROUGH) == 0
    assert store.check() == []


def test_a_rough_vector_that_comes_late_changes_nothing(store: Store) -> None:
    add(store, "a", 6)
    late = [one for one, _, _ in store.pending(ROUGH, 100)]
    encode(store, ENCODER)
    store.put_vectors(ROUGH, late, -np.ones((6, DIMENSION), np.float32))
    assert store.counts().vectors == {ROUGH: 0, ENCODER: 6}
    assert store.check() == []


def test_only_what_has_no_full_vector_waits_for_a_rough_one(store: Store) -> None:
    add(store, "a", 6)
    encode(store, ENCODER, limit=4)
    assert len(store.pending(ROUGH, 100)) == 2
    add(store, "b", 3)
    assert (len(store.pending(ROUGH, 100)), len(store.pending(ENCODER, 100))) == (5, 5)


def test_filters_and_rights_hold_for_rough_vectors(store: Store) -> None:
    add(store, "a", 6)
    add(store, "b", 6, language="de")
    add(store, "c", 6, groups=("few",))
    ids = encode(store, ROUGH)
    german = Filters(languages=("de",))
    languages = {one: place.language for one, place in store.passage_places(ids).items()}
    for one in ids:
        found = nearest(store, one, german)
        assert languages[found] == "de" and (found == one or languages[one] != "de")
        hits = store.hits([nearest(store, one)], ())
        assert all(not info.groups for _, info in hits.values())


def test_removed_passages_are_gone_from_both_tiers(store: Store) -> None:
    add(store, "a", 6)
    add(store, "b", 6)
    encode(store, ROUGH)
    encode(store, ENCODER, limit=6)
    store.remove_source("file:///pile/a.txt")
    assert sum(store.counts().vectors.values()) == 6
    assert store.check() == []


def test_another_version_takes_the_place_of_a_rough_encoder(store: Store) -> None:
    add(store, "a", 6)
    encode(store, ROUGH)
    newer = f"{ENCODER}{MARK}2"
    assert len(store.pending(newer, 100)) == 6
    assert store.counts().vectors == {newer: 0}


def test_documents_that_are_asked_for_come_first(store: Store) -> None:
    add(store, "a", 20)
    asked = add(store, "b", 20)
    store.pending(ENCODER, 1)
    store.hurry(ENCODER, [asked, "not there"])
    texts = [text for _, text, _ in store.pending(ENCODER, 20)]
    assert all(text.startswith("b line") for text in texts)


def test_a_graph_over_rough_vectors_follows_as_they_are_displaced(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "MIN_DERIVED", 100)
    monkeypatch.setattr(dense, "MIN_GRAPH", 200)
    add(store, "a", 400)
    ids = encode(store, ROUGH, noise=0.02)
    assert store.maintain(ROUGH, {})
    encode(store, ENCODER, limit=200)
    store.maintain(ENCODER, {})
    store.maintain(ROUGH, {})
    assert all(nearest(store, one) == one for one in ids[::13])
    encode(store, ENCODER)
    store.maintain(ROUGH, {})
    assert all(nearest(store, one) == one for one in ids[::13])
    assert store.check() == []


def test_the_encoder_in_use_is_named_by_one_row(store: Store) -> None:
    assert store.active_encoder() is None
    store.activate_encoder("one", "/models/one")
    store.activate_encoder("two")
    active = store.active_encoder()
    assert active is not None and (active.id, active.folder) == ("two", "")


def test_only_the_encoders_that_are_kept_keep_vectors(store: Store) -> None:
    add(store, "a", 6)
    for name in ("old", f"old{MARK}1", ENCODER, ROUGH):
        encode(store, name, limit=3)
    assert sorted(store.keep_encoders([ENCODER])) == ["old", f"old{MARK}1"]
    assert store.encoder_ids() == [ENCODER, ROUGH]
    assert store.counts().vectors == {ENCODER: 3, ROUGH: 3}
    add(store, "b", 1)
    assert store.keep_encoders([ENCODER]) == []
    assert store.check() == []


def test_a_removal_that_was_interrupted_is_gone_on_with(store: Store) -> None:
    add(store, "a", 6)
    encode(store, "old")
    with store.database.writing() as connection:  # killed after the first of its transactions
        number = vectors.rename_leaving(connection, "old")
        assert number is not None and not vectors.forget_some(connection, number, 2)
    assert store.encoder_ids() == [] and store.check() == []
    add(store, "b", 2)
    assert encode(store, "old") and store.check() == []  # taken up again meanwhile
    assert store.keep_encoders([]) == ["old"]
    assert store.counts().vectors == {}


def test_what_some_may_read_is_counted_rightly_however_far_encoding_is(store: Store) -> None:
    add(store, "open", 4)
    add(store, "closed", 3, groups=("staff",))
    for wanted in (
        lambda: encode(store, ROUGH, noise=0.05),
        lambda: encode(store, ENCODER, limit=5),
        lambda: encode(store, ENCODER),
        lambda: add(store, "late", 2, groups=("staff",)),
    ):
        wanted()
        whole, some, none = store.counts(), store.counts(("staff",)), store.counts(())
        assert {name: number for name, number in whole.vectors.items() if number} == some.vectors
        assert some.passages == whole.passages and none.passages == 4
        with store.database.reading() as connection:
            query = (
                "SELECT e.name, count(*) FROM vectors v JOIN encoders e ON e.id = v.encoder JOIN passages p"
                " ON p.id = v.passage JOIN documents d ON d.number = p.document"
                " WHERE d.num_groups = 0 GROUP BY e.name"
            )
            assert none.vectors == {row[0]: row[1] for row in connection.exec_driver_sql(query)}
