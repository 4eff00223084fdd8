"""A language model behind the OpenAI chat API, for systems that only speak that: the same for everybody.

Answers whole, one request at a time, as long as the block runs. On loopback, for benches only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from everask.generator import Generator, Message

MAX_TOKENS = 200
_ROLES = {"developer": "system", "tool": "user", "function": "user"}


@contextmanager
def serve_model(generator: Generator) -> Iterator[str]:
    """The address of the API, up to /v1, while the block runs."""
    turn = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply({"object": "list", "data": [{"id": "local", "object": "model"}]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            messages = [
                Message(_ROLES.get(one["role"], one["role"]), _text(one)) for one in asked["messages"]
            ]
            limit = min(int(asked.get("max_tokens") or MAX_TOKENS), MAX_TOKENS)
            with turn:
                text = "".join(generator.stream(messages, max_tokens=limit))
            message = {"role": "assistant", "content": text}
            self._reply(
                {
                    "id": "chat",
                    "object": "chat.completion",
                    "created": 0,
                    "model": "local",
                    "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
                }
            )

        def _reply(self, content: dict[str, object]) -> None:
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()


def _text(message: dict[str, object]) -> str:
    """A message's text, which may come in parts."""
    content = message.get("content") or ""
    if isinstance(content, list):
        return "\n".join(str(one.get("text", "")) for one in content)
    return str(content)
