"""A language model behind a real HTTP server: a word every 50 ms, and it sees when it is hung up on."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Words of the document that it is asked about, so that nobody finds that it strays and begins again.
FIRST = "Die Garantie für das Netzteil gilt 24 Monate ab dem Kaufdatum. [1]"
SENTENCE = "Die Garantie für das Netzteil gilt 24 Monate ab dem Kaufdatum und"
NUM_SENTENCES = 100
SECONDS_A_WORD = 0.05


class SlowModel(ThreadingHTTPServer):
    """`started` when a generation began, `broken_at` when its reader left."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.started = threading.Event()
        self.broken = threading.Event()
        self.broken_at = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def reset(self) -> None:
        self.started.clear()
        self.broken.clear()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, SlowModel)
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        server.started.set()
        try:
            for word in FIRST.split() + NUM_SENTENCES * SENTENCE.split():
                event = {"choices": [{"delta": {"content": f"{word} "}}]}
                self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()
                time.sleep(SECONDS_A_WORD)
        except (BrokenPipeError, ConnectionResetError):
            server.broken_at = time.monotonic()
            server.broken.set()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def slow_model() -> Iterator[SlowModel]:
    """The server, running."""
    server = SlowModel()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()
