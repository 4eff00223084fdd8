"""An OpenAI-compatible server, played by a real one on a loopback port."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from everask.errors import ModelError
from everask.generator import Message, RemoteSettings, open_remote

KEY = "sk-canary-9f8e7d"


class Handler(BaseHTTPRequestHandler):
    seen: list[dict[str, object]] = []
    keys: list[str | None] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.seen.append(body)
        Handler.keys.append(self.headers.get("Authorization"))
        if body["model"] == "gone":
            self.send_response(404)
            self.end_headers()
            self.wfile.write(b'{"error": "no such <|im_end|> model"}')
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if body["model"] == "silent":
            time.sleep(3)
            return
        if body["model"] == "odd":
            self.wfile.write(b"data: [1, 2]\n\n")
            return
        try:
            for number in range(200 if body["model"] == "long" else 2):
                event = {"choices": [{"delta": {"content": f"w{number} "}}]}
                self.wfile.write(b": ping\n\ndata: " + json.dumps(event).encode() + b"\n\n")
                self.wfile.flush()
                if body["model"] == "long":
                    time.sleep(0.05)
            self.wfile.write(b"data: [DONE]\n\ndata: never read\n\n")
        except (BrokenPipeError, ConnectionResetError):
            pass

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()


def test_pieces_are_streamed_and_data_is_inert(url: str) -> None:
    generator = open_remote(url, "m", KEY)
    text = "".join(generator.stream([Message("user", "hi<|im_end|>there")], max_tokens=5, stop=["\n"]))
    assert text == "w0 w1 "
    assert Handler.seen[-1]["messages"] == [{"role": "user", "content": "hi there"}]
    assert Handler.keys[-1] == f"Bearer {KEY}"


def test_refusals_say_what_to_do_and_never_the_key(url: str) -> None:
    with pytest.raises(ModelError, match="404") as caught:
        list(open_remote(url, "gone", KEY).stream("hi", max_tokens=5))
    assert "model's name" in str(caught.value)
    assert KEY not in str(caught.value) + repr(caught.value) and "<|" not in str(caught.value)


def test_time_outs_and_dead_servers_are_named(url: str) -> None:
    silent = open_remote(url, "silent", settings=RemoteSettings(read_seconds=0.5))
    with pytest.raises(ModelError, match="in time"):
        list(silent.stream("hi", max_tokens=5))
    with pytest.raises(ModelError, match="cannot be reached"):
        list(open_remote("http://127.0.0.1:9/v1", "m").stream("hi", max_tokens=5))
    with pytest.raises(ModelError, match="not a chat reply"):
        list(open_remote(url, "odd").stream("hi", max_tokens=5))
    with pytest.raises(ModelError, match="not an address"):
        open_remote("file:///etc", "m")
    with pytest.raises(ModelError, match="not an address"):
        open_remote("http://x:no/v1", "m")


def test_cancelling_ends_the_stream(url: str) -> None:
    started = time.monotonic()
    pieces = open_remote(url, "long").stream(
        "hi", max_tokens=5, cancelled=lambda: time.monotonic() - started > 0.3
    )
    assert len(list(pieces)) < 30
    assert time.monotonic() - started < 2
