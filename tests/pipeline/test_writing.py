"""Sources are written in order, together where they have come together; a bad one stops no other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.index.pile import make_document, make_source, pair

from everask.errors import StoreError
from everask.index import Store
from everask.pipeline.writing import Writer
from everask.types import Document, Passage


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data") as opened:
        yield opened


def rows(*texts: str, uri: str) -> Iterator[tuple[Document, Sequence[Passage]]]:
    for number, text in enumerate(texts):
        yield pair(make_document(f"{uri}#{number}" if number else uri, text))


def put(writer: Writer[int], number: int, uri: str = "") -> None:
    uri = uri or f"file:///pile/{number}.txt"
    writer.put(make_source(f"file:///pile/{number}.txt"), rows(f"Number {number}.", uri=uri), number)


def test_everything_is_written_and_told_in_order(store: Store) -> None:
    told = []
    with Writer[int](store) as writer:
        for number in range(150):
            put(writer, number)
            told += [one.note for one in writer.take()]
        told += [one.note for one in writer.take(wait=True)]
        assert store.counts().passages == 150
    assert told == list(range(150)) and store.check() == []
    assert len({passage.id for info in store.documents() for passage in store.passages(info.id)}) == 150


def test_a_source_that_cannot_be_written_stops_no_other(store: Store) -> None:
    with Writer[int](store) as writer:
        for number in range(20):
            put(writer, number, uri="file:///pile/3.txt#member" if number in (3, 7) else "")
        # The same document with the same text, from another source.
        writer.put(make_source("file:///pile/again"), rows("Number 3.", uri="file:///pile/3.txt#member"), 99)
        written = {one.note: one.error for one in writer.take(wait=True)}
    assert sorted(written) == [*range(20), 99]
    assert [number for number, error in written.items() if error] == [99]
    assert "already in the pile" in written[99]
    failed = store.source("file:///pile/again")
    assert failed is not None and (failed.status, failed.num_documents) == ("failed", 0)
    assert store.check() == []


def test_what_ends_the_writing_is_raised(store: Store) -> None:
    with pytest.raises(StoreError), Writer[int](store) as writer:
        put(writer, 1)
        list(writer.take(wait=True))
        with store.database.writing() as connection:  # as a damaged file would be
            connection.exec_driver_sql("DROP TABLE sources")
        put(writer, 2)
        list(writer.take(wait=True))


def test_a_passage_that_stays_keeps_its_id_and_new_ones_never_reuse_one(store: Store) -> None:
    store.put_source(make_source("file:///pile/a"), rows("One.\nTwo.", uri="file:///pile/a"))
    first = [passage.id for info in store.documents() for passage in store.passages(info.id)]
    store.put_source(make_source("file:///pile/a"), rows("Two.\nThree.", uri="file:///pile/a"))
    second = [passage.id for info in store.documents() for passage in store.passages(info.id)]
    assert second[0] == first[1] and second[1] > max(first)
    store.remove_source("file:///pile/a")
    store.put_source(make_source("file:///pile/b"), rows("Four.", uri="file:///pile/b"))
    (third,) = (passage.id for info in store.documents() for passage in store.passages(info.id))
    assert third > max(second)
