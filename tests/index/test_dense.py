"""Search by meaning: exact against a plain computation, whatever is derived, stale, damaged or gone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.index.pile import make_document, make_source, pair

from everask.index import Store, dense, graph
from everask.index.means import SHIPPED_WEIGHT, UNKNOWN, furthest_move, mix
from everask.types import Filters

ENCODER = "made-for-tests"
DIMENSION = 48
LANGUAGES = ("en", "de", "zh")
Vectors = NDArray[np.float32]


@pytest.fixture(autouse=True)
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dense, "MIN_DERIVED", 200)
    monkeypatch.setattr(dense, "MIN_GRAPH", 400)


def fill(store: Store, number: int, *, start: int = 0, seed: int = 0) -> dict[int, tuple[str, Vectors]]:
    """Passages with vectors in a cone for each language, as encoders make them."""
    random = np.random.default_rng(seed)
    cones = np.random.default_rng(99).standard_normal((len(LANGUAGES), DIMENSION)) * 2
    for language in LANGUAGES:
        text = "\n".join(f"passage {start + one} {language}" for one in range(number // len(LANGUAGES)))
        groups = ("few",) if language == "zh" else ()
        document = make_document(
            f"file:///pile/{language}/{start}.txt", text, language=language, groups=groups
        )
        store.put_source(make_source(document.uri), [pair(document)])
    written = {}
    while waiting := store.pending(ENCODER, 100):
        ids = [one for one, _, _ in waiting]
        centres = np.stack([cones[LANGUAGES.index(language)] for _, _, language in waiting])
        rows = (centres + random.standard_normal(centres.shape)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        store.put_vectors(ENCODER, ids, rows)
        written.update({one: (waiting[at][2], rows[at]) for at, one in enumerate(ids)})
    return written


def query_of(seed: int) -> Vectors:
    query = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return query / np.float32(np.linalg.norm(query))


def expected(
    store: Store, written: dict[int, tuple[str, Vectors]], query: Vectors, limit: int
) -> list[tuple[int, float]]:
    means = store.dense_means(ENCODER)
    scores = []
    for one, (language, raw) in written.items():
        centred = raw - means[language]
        scores.append((one, float(centred @ query / np.linalg.norm(centred))))
    return sorted(scores, key=lambda pair: -pair[1])[:limit]


def overlap(store: Store, written: dict[int, tuple[str, Vectors]], queries: int = 20) -> float:
    """The share of the ten nearest that are found; scores must be right."""
    shared = 0
    for seed in range(queries):
        want = dict(expected(store, written, query_of(seed), 10))
        for one, score in store.dense(ENCODER, query_of(seed), None, 10):
            if one in want:
                shared += 1
                assert score == pytest.approx(want[one], abs=0.01)
    return shared / queries / 10


def test_a_small_pile_is_scanned(store: Store) -> None:
    assert store.dense(ENCODER, query_of(0), None, 5) == [] and store.dense_means(ENCODER) == {}
    written = fill(store, 150)
    assert overlap(store, written) > 0.97
    assert not store.maintain(ENCODER, {}) and not list(store.folder.glob("derived/*/*"))


def test_vectors_of_two_encoders_do_not_mix(store: Store) -> None:
    written = fill(store, 30)
    other = [one for one, _, _ in store.pending("other", 100)]
    assert sorted(other) == sorted(written)
    store.put_vectors("other", other[:5], np.eye(5, 7, dtype=np.float32))
    assert store.counts().vectors == {ENCODER: 30, "other": 5} and store.num_pending("other") == 25
    assert len(store.dense("other", np.eye(1, 7, dtype=np.float32)[0], None, 50)) == 5
    assert store.keep_encoders([ENCODER]) == ["other"]
    assert store.counts().vectors == {ENCODER: 30}
    assert overlap(store, written) > 0.97


@pytest.mark.parametrize("number", [300, 1_200])
def test_the_derived_index_newer_rows_and_removed_rows(store: Store, number: int) -> None:
    written = fill(store, number)
    assert store.maintain(ENCODER, {}) and not store.maintain(ENCODER, {})
    assert overlap(store, written) > 0.95
    written |= fill(store, 90, start=5_000, seed=1)
    assert overlap(store, written) > 0.95
    with Store.open(store.folder) as other:
        assert overlap(other, written) > 0.95
    gone = {one.id for one in store.passages(store.find_document("0").id)}
    assert store.remove_source("file:///pile/en/0.txt")
    written = {one: pair for one, pair in written.items() if one not in gone}
    assert overlap(store, written) > 0.95
    assert store.maintain(ENCODER, {}), "more than a fifth was removed"
    assert overlap(store, written) > 0.95


def test_filters_and_rights(store: Store) -> None:
    written = fill(store, 900)
    store.maintain(ENCODER, {})
    for filters, groups, allowed in (
        (Filters(languages=("de",)), None, {"de"}),
        (Filters(folder="file:///pile/zh"), ("few",), {"zh"}),
        (Filters(folder="file:///pile/zh"), (), set[str]()),
        (Filters(), ("many",), {"en", "de"}),
        (Filters(), None, set(LANGUAGES)),
    ):
        some = {one: pair for one, pair in written.items() if pair[0] in allowed}
        for seed in range(5):
            want = expected(store, some, query_of(seed), 20)
            found = store.dense(ENCODER, query_of(seed), None, 20, filters, groups)
            assert {written[one][0] for one, _ in found} <= allowed
            assert len(found) == len(want)
            assert len({one for one, _ in found} & {one for one, _ in want}) >= 0.9 * len(want)


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    else:
        data[len(data) // 3] ^= 0x10
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["missing", "cut", "empty", "flipped"])
@pytest.mark.parametrize("name", ["current.json", "ids.i64", "rows.i8", "means.f32", "graph.usearch"])
def test_a_damaged_index_is_not_used_and_is_rebuilt(tmp_path: Path, name: str, how: str) -> None:
    with Store.open(tmp_path) as store:
        written = fill(store, 600)
        store.maintain(ENCODER, {})
    damage(next(tmp_path.glob(f"derived/**/{name}")), how)
    with Store.open(tmp_path) as store:
        assert overlap(store, written, 5) > 0.95
        assert store.maintain(ENCODER, {})
        assert overlap(store, written, 5) > 0.95
        assert graph.load(graph.folder_of(tmp_path, ENCODER), "another history") is None


def test_a_language_that_is_new_moves_the_means(store: Store) -> None:
    shipped = {"en": np.ones(DIMENSION, np.float32)}
    fill(store, 300)
    assert store.maintain(ENCODER, shipped) and not store.maintain(ENCODER, shipped)
    means = store.dense_means(ENCODER)
    assert set(means) == {*LANGUAGES, UNKNOWN}
    own, number = store.language_means(ENCODER)["en"]
    assert np.allclose(
        means["en"], (own * number + SHIPPED_WEIGHT * shipped["en"]) / (number + SHIPPED_WEIGHT), atol=1e-4
    )
    document = make_document("file:///pile/ko.txt", "하나\n둘", language="ko")
    store.put_source(make_source(document.uri), [pair(document)])
    ids = [one for one, _, _ in store.pending(ENCODER, 9)]
    store.put_vectors(ENCODER, ids, -np.ones((2, DIMENSION), np.float32) / DIMENSION**0.5)
    assert len(store.dense(ENCODER, query_of(0), None, 400)) == 302
    assert store.maintain(ENCODER, shipped)
    assert "ko" in store.dense_means(ENCODER)


def test_mixed_means() -> None:
    assert mix({}, {}) == {}
    only_shipped = mix({}, {"en": np.ones(3, np.float32), "de": np.zeros(3, np.float32)})
    assert np.allclose(only_shipped[UNKNOWN], 0.5) and np.allclose(only_shipped["en"], 1)
    means = mix({"fr": (np.full(3, 100.0), 50)}, {"en": np.ones(3, np.float32)})
    assert np.allclose(means["fr"], (100 + 20 * 1) / (50 + 20)) and np.allclose(means[UNKNOWN], 2)
    shipped = {one: np.eye(4, dtype=np.float32)[at] for at, one in enumerate(("en", "de", "nl", "zh"))}
    (near,) = {1: (np.array([3.0, 3.0, 3.0, 0.0]), 1)}.values()
    stood_in = mix({"af": near}, shipped)["af"]  # no mean ships for it: those most like it stand in
    assert stood_in[3] == 0 and np.allclose(stood_in[:3], (3 + 20 / 3) / 21)
    assert furthest_move(means, means) == pytest.approx(0, abs=1e-6)


def test_vectors_of_removed_passages_are_passed_over(store: Store) -> None:
    fill(store, 30)
    store.put_vectors(ENCODER, [10_000], np.ones((1, DIMENSION), np.float32))
    assert store.counts().vectors == {ENCODER: 30}


def test_searches_while_vectors_are_written(store: Store) -> None:
    written = fill(store, 300)
    done = threading.Event()

    def read() -> int:
        searches = 0
        with Store.open(store.folder) as other:
            while not done.is_set():
                assert len(other.dense(ENCODER, query_of(1), None, 10)) == 10
                assert other.lexical(["passage"], 5)
                searches += 1
        return searches

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        for at in range(5):
            written |= fill(store, 60, start=1_000 * (at + 1), seed=at + 1)
            store.maintain(ENCODER, {})
        done.set()
        assert all(reader.result() for reader in readers)
    assert overlap(store, written) > 0.95
