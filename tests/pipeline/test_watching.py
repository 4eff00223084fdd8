"""Folders and pages kept in sync: what changes is taken up, what cannot be reached is kept."""

from __future__ import annotations

import http.server
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import everask.documents.web as web
from everask.documents.draft import Limits
from everask.documents.names import file_uri
from everask.documents.web import FetchedPage, Validators, fetch_page
from everask.index import watched
from everask.index.watched import Watched
from everask.pipeline import Engine, adding, watching
from everask.pipeline.watching import Watcher, look, watch


def place_of(engine: Engine, uri: str) -> Watched:
    return next(one for one in watched.list_watched(engine.store.database) if one.uri == uri)


def names(engine: Engine) -> set[str]:
    return {info.name for info in engine.documents()}


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def test_what_changes_is_taken_up_and_a_restart_goes_on(
    engine: Engine, pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "TELL_MS", 200)
    monkeypatch.setattr(watching, "REST", 0)
    (uri,) = watch(engine, [str(pile)])
    watcher = Watcher(engine)
    wait_for(lambda: len(names(engine)) == 4)
    (pile / "en/about.md").rename(pile / "en/project.md")
    (pile / "data/offices.csv").unlink()
    (pile / "de/garantie.txt").write_text("Die Gewährleistung endet nach zwölf Monaten.", "utf-8")
    wait_for(lambda: names(engine) == {"en/project", "de/garantie", "zh/打印机"})
    wait_for(lambda: bool(engine.search("Gewährleistung")))
    watcher.close()
    (pile / "late.txt").write_text("Written while nobody watched.", "utf-8")
    watcher = Watcher(engine)
    wait_for(lambda: "late" in names(engine))
    watched.pause(engine.store.database, uri, True)
    watcher.close()
    watcher = Watcher(engine)
    (pile / "later.txt").write_text("Written while it was paused.", "utf-8")
    time.sleep(1)
    assert "later" not in names(engine)
    watcher.close()


def test_what_cannot_be_reached_is_kept(engine: Engine, pile: Path) -> None:
    for number in range(15):
        (pile / f"note {number}.txt").write_text(f"Note number {number}.", "utf-8")
    (uri,) = watch(engine, [str(pile)])
    look(engine, place_of(engine, uri))
    assert len(names(engine)) == 19
    for number in range(15):
        (pile / f"note {number}.txt").unlink()
    look(engine, place_of(engine, uri))
    found = place_of(engine, uri).look
    assert found.state == "held" and "15 of 19" in found.message and len(names(engine)) == 19
    shutil.move(pile, pile.with_name("unmounted"))
    look(engine, place_of(engine, uri))
    found = place_of(engine, uri).look
    assert found.state == "unreachable" and "kept" in found.message and len(names(engine)) == 19
    pile.mkdir()  # where the disk would be
    look(engine, place_of(engine, uri))
    assert place_of(engine, uri).look.state == "held" and len(names(engine)) == 19
    pile.rmdir()
    shutil.move(pile.with_name("unmounted"), pile)
    engine.add([pile])  # somebody says so
    assert len(names(engine)) == 4


def test_what_was_taken_out_stays_out_until_it_is_added(engine: Engine, pile: Path) -> None:
    (uri,) = watch(engine, [str(pile)])
    look(engine, place_of(engine, uri))
    engine.remove(str(pile / "de"))
    look(engine, place_of(engine, uri))
    assert "de/garantie" not in names(engine)
    kept = engine.store.setting("left_out") or ""
    assert "garantie" not in kept and len(watched.left_out(engine.store.database)) == 1
    engine.add([pile / "de/garantie.txt"])
    look(engine, place_of(engine, uri))
    assert any("garantie" in name for name in names(engine))
    engine.remove(str(pile))
    assert watched.list_watched(engine.store.database) == [] and names(engine) == set()


class Pages(http.server.BaseHTTPRequestHandler):
    """One page with an ETag."""

    text, sent = "The gate opens at nine.", 0

    def do_GET(self) -> None:
        tag = f'"{len(self.text)}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        body = f"<html><body><p>{self.text}</p></body></html>".encode()
        Pages.sent += 1
        self.send_response(200)
        for name, value in {"ETag": tag, "Content-Type": "text/html", "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def page() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/gate"
    server.shutdown()


def test_a_page_is_asked_whether_it_changed(
    engine: Engine, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(url: str, *, limits: Limits, known: Validators | None = None) -> FetchedPage:
        return fetch_page(url, limits=limits, known=known, allow=lambda address: address == "127.0.0.1")

    monkeypatch.setattr(adding, "fetch_page", fetch)
    (uri,) = watch(engine, [page])
    look(engine, place_of(engine, uri))
    assert engine.search("gate") and Pages.sent == 1 and place_of(engine, uri).look.etag
    look(engine, place_of(engine, uri))
    assert Pages.sent == 1 and place_of(engine, uri).look.state == "ok"
    monkeypatch.setattr(Pages, "text", "The gate opens at half past eleven.")
    look(engine, place_of(engine, uri))
    assert Pages.sent == 2 and engine.search("eleven") and not engine.search('"at nine"')


def test_pages_of_the_local_network_are_not_watched_into(engine: Engine, page: str) -> None:
    (uri,) = watch(engine, [page])
    look(engine, place_of(engine, uri))
    found = place_of(engine, uri).look
    assert found.state == "unreachable" and "public" in found.message
    assert web.is_public("127.0.0.1") is False


def test_only_what_is_there_can_be_watched(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="not there"):
        watch(engine, [str(tmp_path / "nowhere")])
    assert watch(engine, [str(tmp_path)]) == [file_uri(tmp_path)]
