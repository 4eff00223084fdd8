"""Any server that speaks OpenAI's chat API: llama.cpp, Ollama, vLLM, a company's own.

The key goes into one header and nowhere else: not into errors, names or logs. The server is trusted with
the text it is sent and with nothing else: redirects are not followed, what it sends is bounded in time and
in size, and whoever asked gets an error in words, whatever it sends.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from everask.errors import ModelError
from everask.generator.chat import strip_controls
from everask.generator.protocol import Message

_POLL_SECONDS = 0.1
_MAX_LINE = 1_000_000
_MAX_REFUSAL = 10_000
# No language writes more characters with a token, on average; a server that goes on regardless is cut off.
_MAX_TOKEN_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Seconds to wait: for a connection, for the first or next piece of text, for the whole reply.

    Greedy by default.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 60.0
    total_seconds: float = 300.0
    temperature: float = 0.0
    seed: int = 1


def open_remote(
    base_url: str, model: str, api_key: str = "", settings: RemoteSettings | None = None
) -> RemoteGenerator:
    """A model behind `base_url` (…/v1). Nothing is sent before the first question.

    Raises ModelError for what is no http(s) address.
    """
    hint = "Give one like http://127.0.0.1:11434/v1"
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ModelError(f"{base_url!r} is not an address of a server.", hint) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ModelError(f"{base_url!r} is not an address of a server.", hint)
    return RemoteGenerator(url, model, api_key, settings or RemoteSettings())


class RemoteGenerator:
    """One model on one server. Made by `open_remote`; safe to share between threads."""

    def __init__(self, url: httpx.URL, model: str, api_key: str, settings: RemoteSettings) -> None:
        self._url = str(url).rstrip("/") + "/chat/completions"
        self._model = model
        self._settings = settings
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        timeout = httpx.Timeout(settings.connect_seconds, read=settings.read_seconds)
        # No proxies from the environment: documents' text goes to the named server or nowhere.
        self._client = httpx.Client(headers=headers, timeout=timeout, trust_env=False)

    @property
    def name(self) -> str:
        return self._model

    @property
    def adapters(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        self._client.close()

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        """Yield the reply in pieces; see `Generator`. `grammar` and `adapter` are not part of the API: they
        are ignored."""
        messages = [Message("user", prompt)] if isinstance(prompt, str) else prompt
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": one.role, "content": strip_controls(one.content)} for one in messages],
            "max_tokens": max_tokens,
            "temperature": self._settings.temperature,
            "seed": self._settings.seed,
            "stream": True,
        }
        if stop:
            body["stop"] = list(stop)
        return self._pieces(body, cancelled or _never)

    def _pieces(self, body: dict[str, Any], cancelled: Callable[[], bool]) -> Iterator[str]:
        """Text as it comes. The reading has a thread of its own, so that a silent server can be left."""
        call = _Call(cancelled)
        work = threading.Thread(
            target=self._work, args=(body, call), name="everask-remote-model", daemon=True
        )
        work.start()
        left = body["max_tokens"] * _MAX_TOKEN_CHARACTERS
        try:
            for piece in call.pieces(self._settings, self._too_slow):
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    return
        finally:
            call.stop()

    def _work(self, body: dict[str, Any], call: _Call) -> None:
        try:
            self._read(body, call)
            call.end(None)
        except ModelError as error:
            call.end(error)
        except httpx.TimeoutException:
            call.end(self._too_slow())
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            call.end(self._lost(error))
        except Exception as error:  # noqa: BLE001 - a worker's edge: handed to the thread that waits
            call.end(self._lost(error))

    def _read(self, body: dict[str, Any], call: _Call) -> None:
        with self._client.stream("POST", self._url, json=body) as reply:
            call.reply = reply
            if reply.status_code != httpx.codes.OK:
                raise self._refusal(reply)
            finished = False
            for line in _lines(reply):
                if call.is_over():
                    return
                piece = _read_line(line)
                finished = finished or piece.last
                if piece.text:
                    call.put(piece.text)
                if piece.end:
                    return
            if not finished:
                raise ModelError(
                    f"The model server at {self._url} broke off in the middle.", "See its log, and ask again."
                )

    def _too_slow(self) -> ModelError:
        return ModelError(
            f"The model {self._model} at {self._url} did not answer in time.",
            "See whether the server is busy, and ask again.",
        )

    def _lost(self, error: Exception) -> ModelError:
        return ModelError(
            f"The model server at {self._url} cannot be reached ({type(error).__name__}).",
            "Start it, or correct models.remote_url.",
        )

    def _refusal(self, reply: httpx.Response) -> ModelError:
        if reply.has_redirect_location:
            return ModelError(
                f"The model server at {self._url} sends to another address, and is not followed there.",
                "Name the right address in models.remote_url.",
            )
        hints = {
            401: "Check the API key.",
            403: "Check the API key.",
            404: "Check the model's name and the URL.",
        }
        said = next(reply.iter_bytes(_MAX_REFUSAL), b"").decode("utf-8", "replace")
        return ModelError(
            f"The model server at {self._url} refused {self._model}: {reply.status_code} {_shorten(said)}.",
            hints.get(reply.status_code, "See the server's log."),
        )


class _Call:
    """One request on its way: pieces come in on a thread of their own and go out on the caller's."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self.reply: httpx.Response | None = None
        self._cancelled = cancelled
        self._stopped = False
        self._queue: queue.SimpleQueue[str | ModelError | None] = queue.SimpleQueue()

    def is_over(self) -> bool:
        """Whether nobody wants more."""
        return self._stopped or self._cancelled()

    def put(self, text: str) -> None:
        """A piece has come."""
        self._queue.put(text)

    def end(self, error: ModelError | None) -> None:
        """Nothing more comes."""
        self._queue.put(error)

    def stop(self) -> None:
        """Nobody waits any more: the server is hung up on, so that it stops, too."""
        self._stopped = True
        stream = self.reply.extensions.get("network_stream") if self.reply else None
        connection = stream.get_extra_info("socket") if stream else None
        if connection is not None:
            # A thread that waits in recv is woken by this, not by closing. It may be closed already.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def pieces(self, settings: RemoteSettings, too_slow: Callable[[], ModelError]) -> Iterator[str]:
        """Pieces until the end, the cancellation, or the limits of time."""
        started = latest = time.monotonic()
        while not self._cancelled():
            try:
                piece = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                now = time.monotonic()
                if now - latest > settings.read_seconds or now - started > settings.total_seconds:
                    raise too_slow() from None
                continue
            if piece is None:
                return
            if isinstance(piece, ModelError):
                raise piece
            yield piece
            latest = time.monotonic()  # the reader's own time is not the server's


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one line of the stream says: text; whether it is the last text; whether the stream ends."""

    text: str = ""
    last: bool = False
    end: bool = False


def _lines(reply: httpx.Response) -> Iterator[str]:
    """Lines of a reply, none of them without an end."""
    held = b""
    for data in reply.iter_bytes():
        *whole, held = (held + data).split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace").rstrip("\r")
        if len(held) > _MAX_LINE:
            raise _not_a_reply()
    if held:
        yield held.decode("utf-8", "replace").rstrip("\r")


def _read_line(line: str) -> _Piece:
    if not line.startswith("data:"):
        # Between events stand empty lines, comments and other fields; a page or an object is no stream.
        if line.lstrip()[:1] in ("<", "{"):
            raise _not_a_reply()
        return _Piece()
    data = line[5:].strip()
    if data == "[DONE]":
        return _Piece(last=True, end=True)
    try:
        event = json.loads(data)
        if "error" in event:
            raise ModelError(
                f"The model server failed: {_shorten(str(event['error']))}.", "See the server's log."
            )
        choice = (event.get("choices") or [{}])[0]
        text = (choice.get("delta") or {}).get("content") or ""
        if not isinstance(text, str):
            raise _not_a_reply()
        return _Piece(text, last=bool(choice.get("finish_reason")))
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError) as error:
        raise _not_a_reply() from error


def _not_a_reply() -> ModelError:
    return ModelError("The model server sent what is not a chat reply.", "Is it OpenAI-compatible?")


def _shorten(said: str) -> str:
    return strip_controls(" ".join(said[:_MAX_REFUSAL].split()))[:200]


def _never() -> bool:
    return False
