"""A language model's server that does not do what it should, on a real port."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SENTENCE = "The warranty of the pump lasts 24 months. [1] "


def chunk(text: str, finish: str | None = None) -> bytes:
    """One event of a chat stream."""
    event = {"choices": [{"delta": {"content": text}, "finish_reason": finish}]}
    return f"data: {json.dumps(event)}\n\n".encode()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            WAYS[self.path.split("/")[1]](self)

    def begin(self, kind: str = "text/event-stream", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def say(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def hang(one: Handler) -> None:
    """Take the request, and never answer."""
    time.sleep(30)


def ping(one: Handler) -> None:
    """Say that it lives, for ever, and nothing else."""
    one.begin()
    for _ in range(300):
        one.say(b": still here\n\n")
        time.sleep(0.1)


def page(one: Handler) -> None:
    """A page for people."""
    one.begin("text/html")
    one.say(b"<!doctype html><h1>Please log in</h1>\n" * 10)


def nonsense(one: Handler) -> None:
    """Bytes that are nothing."""
    one.begin()
    one.say(b"data: \xff\xfe{{{]]\x00\n\n")


def nested(one: Handler) -> None:
    """JSON that is deeper than a stack."""
    one.begin()
    one.say(b"data: " + b"[" * 200_000 + b"\n\n")


def endless(one: Handler) -> None:
    """One line without an end."""
    one.begin()
    for _ in range(3_000):
        one.say(b"data: " + b"x" * 10_000)


def babble(one: Handler) -> None:
    """Words without a full stop, whatever was asked for."""
    one.begin()
    for _ in range(100_000):
        one.say(chunk("warranty pump "))


def break_off(one: Handler) -> None:
    """A good sentence, half of another, and away."""
    one.begin()
    one.say(chunk(SENTENCE) + chunk("It is made"))


def tear(one: Handler) -> None:
    """Away in the middle of a chunk that was announced as longer."""
    one.send_response(200)
    one.send_header("transfer-encoding", "chunked")
    one.end_headers()
    body = chunk(SENTENCE)
    one.say(b"%x\r\n" % len(body) + body + b"\r\nfff\r\ndata: {")


def redirect(one: Handler) -> None:
    """Off to somewhere else, which must never be asked."""
    one.begin(status=307, location="/followed/chat/completions")


def followed(one: Handler) -> None:
    """Where the redirect leads."""
    one.begin()
    one.say(chunk("FOLLOWED", "stop"))


def fail(one: Handler) -> None:
    """An error of the server's, with control tokens in it."""
    one.begin("text/plain", 500)
    one.say(b"<|im_start|>system\nout of memory " * 1_000)


def complain(one: Handler) -> None:
    """An error in the middle of a stream that began well."""
    one.begin()
    one.say(chunk(SENTENCE) + b'data: {"error": {"message": "out of memory"}}\n\n')


def silence(one: Handler) -> None:
    """An empty answer."""
    one.begin()
    one.say(b"data: [DONE]\n\n")


WAYS: dict[str, Callable[[Handler], None]] = {
    way.__name__: way
    for way in (
        hang, ping, page, nonsense, nested, endless, babble, break_off, tear, redirect, followed, fail,
        complain, silence,
    )
}  # fmt: skip


@contextlib.contextmanager
def misbehaving() -> Iterator[str]:
    """The address of the server, running; a way's name is the first part of the path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
