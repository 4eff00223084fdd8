"""Sources and documents: put, replaced, removed, found by those who may read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.index.pile import SENTENCES, make_document, make_source, pair

from everask.errors import NotFoundError
from everask.index import Store
from everask.types import Document, Filters, Passage

PLACE = "file:///pile/guide.txt"


def put(store: Store, document: Document, uri: str = "") -> None:
    store.put_source(make_source(uri or document.uri), [pair(document)])


def test_a_document_comes_back_as_it_was(store: Store) -> None:
    text = "\n".join([*SENTENCES.values(), "x" * 20_000, "half a pair: \ud800, and \0 nothing"])
    document = replace(make_document(PLACE, "to be replaced"), text=text)
    put(store, document)
    assert store.document(document.id) == document
    assert [passage.text for passage in store.passages(document.id)] == document.text.split("\n")
    source = store.source(PLACE)
    assert source is not None and source.num_documents == 1 and source.stamp == (1, 2, 3)
    assert store.lexical(["half"], 5) and not store.lexical(["\ud800"], 5) and store.check() == []


def test_a_slice_over_the_border_of_two_pieces(store: Store) -> None:
    document = make_document(PLACE, "a" * 8_190 + "\nüber die Grenze 🫠 hinweg\n" + "b" * 9_000)
    put(store, document)
    for passage in store.passages(document.id):
        assert passage.text == document.text[passage.start : passage.end]


def test_unchanged_passages_keep_their_ids_and_vectors(store: Store) -> None:
    put(store, make_document(PLACE, "first line\nsecond line\nthird line"))
    ids = [one for one, _, _ in store.pending("e", 10)]
    store.put_vectors("e", ids, np.eye(3, 8, dtype=np.float32))
    changed = make_document(PLACE, "a new beginning\nfirst line\nthird line\nthird line")
    put(store, changed)
    after = {passage.text: passage.id for passage in store.passages(changed.id)[:3]}
    assert after["first line"] == ids[0] and after["third line"] == ids[2]
    assert after["a new beginning"] > max(ids)
    assert len(store.pending("e", 10)) == 2 and store.counts().vectors == {"e": 2}
    assert not store.lexical(["second"], 5) and len(store.lexical(["third"], 5)) == 2
    mean, number = store.language_means("e")["en"]
    assert number == 2
    assert np.allclose(mean[:3], [0.5, 0, 0.5], atol=1e-6)


def test_ids_are_never_used_again(store: Store) -> None:
    put(store, make_document(PLACE, "one\ntwo"))
    used = {one for one, _, _ in store.pending("e", 10)}
    assert store.remove_source(PLACE) and not store.remove_source(PLACE)
    put(store, make_document(PLACE, "one\ntwo"))
    assert not used & {one for one, _, _ in store.pending("e", 10)}


def test_a_failure_while_reading_leaves_all_as_it_was(store: Store) -> None:
    put(store, make_document(PLACE, "what was there"))

    def broken() -> Iterator[tuple[Document, Sequence[Passage]]]:
        yield pair(make_document(PLACE, "half of the new"))
        raise OSError("disk gone")

    with pytest.raises(OSError):
        store.put_source(make_source(PLACE), broken())
    assert store.lexical(["there"], 5) and not store.lexical(["half"], 5)


def test_names_that_collide(store: Store) -> None:
    for ending in ("txt", "md", "md"):
        folder = "sub/" if store.counts().documents == 2 else ""
        put(store, make_document(f"file:///pile/{folder}a.{ending}", ending + folder, name="a"))
    assert [info.name for info in store.documents()] == ["a", "a (2)", "a.md"]
    put(store, make_document("file:///pile/a.md", "changed", name="a"))
    assert store.find_document("a.md").uri == "file:///pile/a.md"
    assert [info.name for info in store.documents()] == ["a", "a (2)", "a.md"]


def test_the_same_document_twice_in_one_source_is_kept_once(store: Store) -> None:
    document = make_document(PLACE, "only once")
    store.put_source(make_source(PLACE), [pair(document), pair(document)])
    assert store.counts().documents == 1 and len(store.lexical(["once"], 5)) == 1


def test_a_folder_is_removed_and_its_neighbour_stays(store: Store) -> None:
    for uri in ("file:///pile/a/x.txt", "file:///pile/a/b/y.txt", "file:///pile/ab.txt"):
        put(store, make_document(uri, uri))
    assert store.remove_under("file:///pile/a") == 2
    assert [source.uri for source in store.sources()] == ["file:///pile/ab.txt"]
    assert store.roots() == ["file:///pile"]
    assert not list(store.sources(status="failed")) and not list(store.sources(place="file:///other"))


def test_documents_are_found_by_every_key(store: Store) -> None:
    document = make_document("file:///pile/my%20guide.txt", "text", name="my guide")
    put(store, document)
    for key in (document.id, "my guide", document.uri, "/pile/my guide.txt"):
        assert store.find_document(key).id == document.id
    with pytest.raises(NotFoundError):
        store.find_document("guide")


def test_groups_see_what_they_may(store: Store) -> None:
    put(store, make_document("file:///pile/open.txt", "plans for all"))
    secret = make_document("file:///pile/secret.txt", "plans for some", groups=("board", "legal"))
    put(store, secret)
    passage = store.passages(secret.id)[0]
    assert store.document(secret.id, ("legal",)).groups == ("board", "legal")
    for groups, number in ((None, 2), ((), 1), (("staff",), 1), (("staff", "board"), 2)):
        assert len(list(store.documents(groups=groups))) == number
        assert len(store.lexical(["plans"], 5, Filters(), groups)) == number
        assert len(store.hits([passage.id], groups)) == number - 1
    with pytest.raises(NotFoundError):
        store.document(secret.id, ("staff",))
    with pytest.raises(NotFoundError):
        store.find_document("secret", ())
    assert store.passages(secret.id, ()) == []


def test_filters(store: Store) -> None:
    put(store, make_document("file:///pile/en/a.txt", "Hotel Berlin", language="en"))
    put(store, make_document("file:///pile/de/b.txt", "Hotel Berlin", language="de"))
    for filters, names in (
        (Filters(languages=("de",)), ["b"]),
        (Filters(folder="/pile/en"), ["a"]),
        (Filters(folder="file:///pile/e"), []),
        (Filters(media_types=("text/plain",)), ["a", "b"]),
        (Filters(media_types=("application/pdf",)), []),
        (Filters(after=1.5e9), ["a", "b"]),
        (Filters(before=1.5e9), []),
    ):
        assert [info.name for info in store.documents(filters)] == names
        found = store.hits([hit[0] for hit in store.lexical(["hotel"], 5, filters)])
        assert sorted(info.name for _, info in found.values()) == names


def test_many_documents_of_one_source(store: Store) -> None:
    uri = "file:///pile/mail.mbox"

    def messages(number: int) -> Iterator[tuple[Document, Sequence[Passage]]]:
        for at in range(number):
            yield pair(make_document(f"{uri}#{at}", f"message number{at}", name=f"mail#{at}"))

    store.put_source(make_source(uri), messages(600))
    assert store.counts().documents == 600
    assert len(list(store.documents())) == 600
    before = store.lexical(["number599"], 5)[0][0]
    store.put_source(make_source(uri), messages(601))
    assert store.lexical(["number599"], 5)[0][0] == before
    assert store.find_document("mail#600").uri == f"{uri}#600"


def test_settings_are_kept(store: Store) -> None:
    assert store.setting("colour") is None
    store.put_setting("colour", "red")
    store.put_setting("colour", "green")
    assert store.setting("colour") == "green"
