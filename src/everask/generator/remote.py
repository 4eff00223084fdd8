"""Any server that speaks OpenAI's chat API: llama.cpp, Ollama, vLLM, a company's own.

The key goes into one header and nowhere else: not into errors, names or logs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from everask.errors import ModelError
from everask.generator.chat import strip_controls
from everask.generator.protocol import Message


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    """Seconds to wait for a connection and for the first or next piece; greedy by default."""

    connect_seconds: float = 5.0
    read_seconds: float = 120.0
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
        try:
            with self._client.stream("POST", self._url, json=body) as reply:
                if reply.status_code != httpx.codes.OK:
                    raise self._refusal(reply)
                for line in reply.iter_lines():
                    if cancelled():
                        return
                    piece = _read_line(line)
                    if piece is None:
                        return
                    if piece:
                        yield piece
        except httpx.TimeoutException as error:
            raise ModelError(
                f"The model {self._model} at {self._url} did not answer in time.",
                "See whether the server is busy, and ask again.",
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ModelError(
                f"The model server at {self._url} cannot be reached ({type(error).__name__}).",
                "Start it, or correct models.remote_url.",
            ) from error

    def _refusal(self, reply: httpx.Response) -> ModelError:
        hints = {
            401: "Check the API key.",
            403: "Check the API key.",
            404: "Check the model's name and the URL.",
        }
        reply.read()
        said = strip_controls(" ".join(reply.text.split()))[:200]
        return ModelError(
            f"The model server at {self._url} refused {self._model}: {reply.status_code} {said}.",
            hints.get(reply.status_code, "See the server's log."),
        )


def _read_line(line: str) -> str | None:
    """The text of one server-sent line: "" for none, None for the end."""
    if not line.startswith("data:"):
        return ""
    data = line[5:].strip()
    if data == "[DONE]":
        return None
    try:
        event = json.loads(data)
        if "error" in event:
            said = strip_controls(" ".join(str(event["error"]).split()))[:200]
            raise ModelError(f"The model server failed: {said}.", "See the server's log.")
        choices = event.get("choices") or [{}]
        return str((choices[0].get("delta") or {}).get("content") or "")
    except (ValueError, AttributeError, TypeError, LookupError) as error:
        raise ModelError(
            "The model server sent what is not a chat reply.", "Is it OpenAI-compatible?"
        ) from error


def _never() -> bool:
    return False
