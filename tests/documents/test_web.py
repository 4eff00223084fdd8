"""Pages are fetched from public addresses only, whatever the URL, the name server or a redirect says."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from everask.documents.draft import Limits
from everask.documents.web import FetchedPage, fetch_page, is_public
from everask.errors import BlockedAddressError, LimitError, UnreadableError

PAGE = b"<title>T</title><p>The warranty lasts two years.</p>"


class Handler(BaseHTTPRequestHandler):
    """A small site with good and bad corners."""

    def do_GET(self) -> None:
        """Answer by path."""
        self.server.seen.append((self.path, self.headers.get("Host")))  # type: ignore[attr-defined]
        if self.path.startswith("/to?"):
            self.send_response(302)
            self.send_header("Location", self.path[4:])
            self.end_headers()
        elif self.path == "/huge":
            self._send(b"x" * 3_000_000)
        elif self.path == "/bomb":
            self._send(gzip.compress(b"\0" * 50_000_000), ("Content-Encoding", "gzip"))
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)
        elif self.path == "/video":
            self._send(b"x", ("Content-Type", "video/mp4"))
        elif self.path == "/gone":
            self.send_error(404)
        elif self.path == "/broken":
            self._send(b"no gzip at all", ("Content-Encoding", "gzip"))
        elif self.path == "/half":
            self._send(gzip.compress(PAGE)[:-12], ("Content-Encoding", "gzip"))
        elif self.path == "/short":
            self._send(PAGE, ("Content-Length", str(len(PAGE) + 1)))
        elif self.path == "/gzip":
            self._send(gzip.compress(PAGE), ("Content-Encoding", "gzip"))
        else:
            self._send(PAGE, ("Last-Modified", "Tue, 24 Nov 2026 10:00:00 GMT"))

    def _send(self, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    found.seen = []  # type: ignore[attr-defined]
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def to_local(host: str, port: int) -> Sequence[str]:
    """Every name is this machine."""
    return ["127.0.0.1"]


def fetch(server: ThreadingHTTPServer, path: str, limits: Limits | None = None) -> FetchedPage:
    return fetch_page(
        f"http://docs.example.org:{server.server_address[1]}{path}",
        limits=limits or Limits(),
        resolver=to_local,
        allow=lambda address: address == "127.0.0.1",
    )


def test_a_page_comes_with_its_type_and_date_from_the_pinned_address(server: ThreadingHTTPServer) -> None:
    page = fetch(server, "/a%20b?q=ä")
    assert page.data == PAGE and page.media_type == "text/html" and page.modified == 1795514400.0
    path, host = server.seen[0]  # type: ignore[attr-defined]
    assert path == "/a%20b?q=%C3%A4" and host == f"docs.example.org:{server.server_address[1]}"
    assert fetch(server, "/gzip").data == PAGE


@pytest.mark.parametrize("path", ["/broken", "/half", "/short"])
def test_a_page_that_did_not_come_whole_is_refused(server: ThreadingHTTPServer, path: str) -> None:
    with pytest.raises(UnreadableError, match=path):
        fetch(server, path)


def test_without_leave_this_machine_is_not_reached(server: ThreadingHTTPServer) -> None:
    with pytest.raises(BlockedAddressError, match="not a public address"):
        fetch_page(f"http://x.example:{server.server_address[1]}/", limits=Limits(), resolver=to_local)
    assert server.seen == []  # type: ignore[attr-defined]


def test_redirects_are_followed_and_each_is_checked(server: ThreadingHTTPServer) -> None:
    assert fetch(server, "/to?/page").url.endswith("/page")
    for target in ("http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "http://0x7f.1/"):
        with pytest.raises(BlockedAddressError):
            fetch_page(
                f"http://docs.example.org:{server.server_address[1]}/to?{target}",
                limits=Limits(),
                resolver=lambda host, port: ["127.0.0.1" if host == "docs.example.org" else host],
                allow=lambda address: address == "127.0.0.1",
            )
    with pytest.raises(BlockedAddressError, match="not http"):
        fetch(server, "/to?file:///etc/passwd")
    with pytest.raises(LimitError, match="redirects more than 5 times"):
        fetch(server, "/to?/to?/to?/to?/to?/to?/to?/page")


def test_a_name_that_changes_its_address_is_asked_once(server: ThreadingHTTPServer) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    port = server.server_address[1]
    with pytest.raises((UnreadableError, LimitError)):
        # The checked address is the one that is called, although the name leads here by now.
        fetch_page(f"http://rebind.example:{port}/", limits=Limits(seconds=1), resolver=rebinding)
    assert asked == ["rebind.example"] and server.seen == []  # type: ignore[attr-defined]


def test_one_private_address_among_several_refuses_them_all() -> None:
    with pytest.raises(BlockedAddressError):
        fetch_page("http://x.example/", limits=Limits(), resolver=lambda host, port: ["1.1.1.1", "10.0.0.1"])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "javascript:alert(1)",
        "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/",
        "http://127.0.0.1\\@example.org/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fc00::1]/",
        "http://[::]/",
        "http://0.0.0.0/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://exa mple.org/",
        "http://example.org\r\nHost: x/",
        "http:///nohost",
        "http://example.org:99999/",
        "http://①②⑦.⓪.⓪.①/",
        "",
    ],
)
def test_addresses_that_are_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(BlockedAddressError) as refused:
        fetch_page(url, limits=Limits())
    assert "\n" not in str(refused.value) and "secret" not in str(refused.value)


def test_what_counts_as_public() -> None:
    assert is_public("1.1.1.1") and is_public("2606:4700::1111")
    for private in ("10.1.2.3", "192.168.0.1", "172.16.0.1", "::1", "fec0::1", "::127.0.0.1", "ff02::1", "x"):
        assert not is_public(private)


def test_large_slow_foreign_and_missing_pages(server: ThreadingHTTPServer) -> None:
    with pytest.raises(LimitError, match="larger than"):
        fetch(server, "/huge", Limits(file_bytes=100_000))
    with pytest.raises(LimitError, match="larger than"):
        fetch(server, "/bomb", Limits(file_bytes=1_000_000))
    started = time.monotonic()
    with pytest.raises(LimitError, match="too slowly"):
        fetch(server, "/slow", Limits(seconds=1))
    assert time.monotonic() - started < 5
    with pytest.raises(UnreadableError, match="video/mp4"):
        fetch(server, "/video")
    with pytest.raises(UnreadableError, match="404"):
        fetch(server, "/gone")
