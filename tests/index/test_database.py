"""Opening, migrating, checking, backing up and restoring a store."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from tests.index.pile import SENTENCES, make_document, make_source, pair

from everask.errors import NotFoundError, StoreError, UsageError
from everask.index import Store, restore
from everask.index.learning_schema import metadata
from everask.index.schema import HEAD


def fill(store: Store) -> None:
    for language, sentence in SENTENCES.items():
        document = make_document(f"file:///pile/{language}.txt", sentence, language=language)
        store.put_source(make_source(document.uri), [pair(document)])
    ids = [one for one, _, _ in store.pending("e", 100)]
    store.put_vectors("e", ids, np.eye(len(ids), 16, dtype=np.float32))


def test_migrations_make_the_schema_that_the_code_knows(store: Store) -> None:
    with create_engine(f"sqlite:///{store.folder}/store.sqlite").connect() as connection:
        ours = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_opening_again_is_quick_and_does_not_import_alembic(store: Store) -> None:
    code = (
        "import sys, time; from pathlib import Path; from everask.index import Store; "
        f"start = time.process_time(); Store.open(Path({str(store.folder)!r})).close(); "
        "print(time.process_time() - start, 'alembic' in sys.modules)"
    )
    times = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds, imported = done.stdout.split()
        assert imported == "False" and not done.stderr
        times.append(float(seconds))
    assert min(times) < 0.03


def test_any_name_of_the_folder_will_do(tmp_path: Path) -> None:
    for name in ("what?", "a#b", "50%20", "ü & :memory:"):
        with Store.open(tmp_path / name) as store:
            fill(store)
        assert (tmp_path / name / "store.sqlite").exists()


def test_a_key_with_the_home_of_nobody_finds_nothing(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.find_document("~nobody-of-that-name/a.txt")


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        Store.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()


def test_a_newer_store_is_refused_by_name(store: Store) -> None:
    store.close()
    with sqlite3.connect(store.folder / "store.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer Everask"):
        Store.open(store.folder)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(tmp_path)


def test_many_create_one_store_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: Store.open(tmp_path / "shared"), range(6)))
    for number, store in enumerate(stores):
        document = make_document(f"file:///pile/{number}.txt", f"word{number}")
        store.put_source(make_source(document.uri), [pair(document)])
    assert all(store.counts().documents == 6 for store in stores)
    for store in stores:
        store.close()


def test_a_whole_store_has_no_problems(store: Store) -> None:
    assert store.check() == []
    fill(store)
    assert store.check() == []
    store.remove_source("file:///pile/de.txt")
    assert store.check() == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("DELETE FROM passages WHERE id = 3", "index of words belong to no passage"),
        ("UPDATE passages SET data = substr(data, 1, 40) WHERE id = 3", "is damaged"),
        ("UPDATE texts SET data = zeroblob(100) WHERE document = 2", "is damaged"),
        ("UPDATE layouts SET pages = zeroblob(100) WHERE document = 2", "is damaged"),
        ("UPDATE vectors SET data = zeroblob(24) WHERE passage = 2", "vectors of encoder e are damaged"),
        ("UPDATE language_sums SET count = 7 WHERE language = 'de'", "do not agree"),
        ("DELETE FROM lexical_docsize WHERE id = 2", "index of words"),
        ("UPDATE documents SET num_passages = 9 WHERE number = 1", "not all of its passages"),
        ("DELETE FROM documents WHERE number = 1", "belong to nothing"),
    ],
)
def test_damage_is_noticed(store: Store, statement: str, problem: str) -> None:
    fill(store)
    with sqlite3.connect(store.folder / "store.sqlite") as connection:
        connection.execute(statement)
    connection.close()
    assert any(problem in line for line in store.check()), store.check()


def test_what_is_read_in_one_block_is_of_one_state(store: Store) -> None:
    fill(store)
    with store.still():
        before = store.counts().documents
        with ThreadPoolExecutor(1) as threads:  # another thread writes, and sees what it wrote
            document = make_document("file:///pile/later.txt", "later")
            threads.submit(store.put_source, make_source(document.uri), [pair(document)]).result()
            assert threads.submit(store.counts).result().documents == before + 1
        with store.still():
            assert store.counts().documents == before
        assert store.counts().documents == before
    assert store.counts().documents == before + 1


def test_a_backup_made_while_writing_comes_back_whole(store: Store, tmp_path: Path) -> None:
    fill(store)
    begun, done = threading.Event(), threading.Event()

    def write() -> None:
        for number in range(10_000):
            document = make_document("file:///pile/moving.txt", f"state{number}\nagain{number}")
            store.put_source(make_source(document.uri), [pair(document)])
            begun.set()
            if done.is_set():
                return

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        assert begun.wait(60)
        store.backup(tmp_path / "backup")
        done.set()
        writing.result()
    restore(tmp_path / "backup", tmp_path / "elsewhere")
    with Store.open(tmp_path / "elsewhere", create=False) as other:
        assert other.check() == []
        assert other.counts().documents == len(SENTENCES) + 1
        text = other.document(other.find_document("moving").id).text
        assert text.split("\n")[0].removeprefix("state") == text.split("\n")[1].removeprefix("again")
        assert other.counts().vectors == {"e": len(SENTENCES)}


def test_restoring_over_a_store_that_is_open(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.backup(tmp_path / "backup")
    store.remove_under("file:///pile")
    document = make_document("file:///pile/later.txt", "later")
    store.put_source(make_source(document.uri), [pair(document)])
    restore(tmp_path / "backup", store.folder)
    assert store.counts().documents == len(SENTENCES) and not store.lexical(["later"], 5)
    assert store.lexical(["warranty"], 5) and store.check() == []
    assert len(store.dense("e", np.eye(1, 16, dtype=np.float32)[0], None, 100)) == len(SENTENCES)
    with pytest.raises(UsageError):
        store.backup(tmp_path / "backup")


def test_a_damaged_store_is_set_aside_by_a_restore(store: Store, tmp_path: Path) -> None:
    fill(store)
    store.backup(tmp_path / "backup")
    store.close()
    (store.folder / "store.sqlite").write_bytes(b"rubbish" * 10_000)
    restore(tmp_path / "backup", store.folder)
    with Store.open(store.folder) as again:
        assert again.counts().documents == len(SENTENCES)
    assert list(store.folder.glob("store.sqlite.damaged-*"))


@pytest.mark.parametrize("how", ["flipped", "cut", "no manifest", "not there", "newer"])
def test_a_damaged_backup_is_refused_and_nothing_is_touched(store: Store, tmp_path: Path, how: str) -> None:
    fill(store)
    target = tmp_path / "backup"
    store.backup(target)
    copy, manifest = target / "store.sqlite", target / "manifest.json"
    data = bytearray(copy.read_bytes())
    if how == "flipped":
        data[len(data) // 2] ^= 1
        copy.write_bytes(data)
    elif how == "cut":
        copy.write_bytes(data[:-4096])
    elif how == "no manifest":
        manifest.unlink()
    elif how == "not there":
        target = tmp_path / "nothing"
    else:
        manifest.write_text(manifest.read_text().replace(f'"{HEAD}"', '"9999"'))
    document = make_document("file:///pile/later.txt", "later")
    store.put_source(make_source(document.uri), [pair(document)])
    with pytest.raises(StoreError, match="nothing was changed"):
        restore(target, store.folder)
    assert store.lexical(["later"], 5) and store.check() == []
