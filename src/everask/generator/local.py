"""A GGUF model in this process, through llama.cpp (xllamacpp, extra `llm`).

Loaded at first use and memory-mapped. Calls wait in one queue, and a prompt that begins like the one before
is not computed twice. The plain model and each adapter have a slot of their own, for what was computed with
one is wrong with the other. The library opens a server on a loopback port whether it is
wanted or not: it gets a random key, so that nobody else on this machine can use it.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import queue
import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everask.errors import MissingExtraError, ModelError
from everask.generator.chat import render_chatml, strip_controls
from everask.generator.passing import Passing
from everask.generator.protocol import Generator, Message
from everask.generator.vocabulary import Vocabulary, read_vocabulary
from everask.priority import WRITING, aside

# A prompt is computed in steps of this many tokens, and can be cancelled after each.
_STEP_TOKENS = 64
_POLL_SECONDS = 0.1
# After so many tokens that stand in the prompt, so many of the next are guessed.
_LOOKUP = (4, 8)


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """How a local model runs. Temperature 0 is greedy: the same prompt gives the same text.

    With `lookup`, runs of tokens that stand in the prompt are guessed and checked in one step: the text stays
    the same.
    """

    num_threads: int = 2
    context_tokens: int = 4096
    temperature: float = 0.0
    seed: int = 1
    lookup: bool = False


def open_local(
    gguf: Path, settings: LocalSettings | None = None, adapters: Mapping[str, Path] | None = None
) -> LocalGenerator:
    """A model from a GGUF file. Returns at once: the file is loaded when it is first needed.

    `adapters` are GGUF files of low-rank adapters that were trained on this very model, by name.
    Raises ModelError if a file is not there or no GGUF, MissingExtraError without the runtime.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingExtraError("A local language model", "llm")
    for file in (gguf, *(adapters or {}).values()):
        _require_gguf(file)
    return LocalGenerator(gguf, settings or LocalSettings(), adapters or {})


def full_name(gguf: Path, adapters: Iterable[Path]) -> str:
    """What an answer says it was written by: the model, and what it was taught beside."""
    return "+".join(one.stem for one in (gguf, *adapters))


class LocalGenerator:
    """One loaded model, one queue. Made by `open_local`."""

    def __init__(self, gguf: Path, settings: LocalSettings, adapters: Mapping[str, Path]) -> None:
        self._gguf = gguf
        self._settings = settings
        self._adapters = dict(adapters)
        self._turns = _Turns()
        self._server: Any = None
        self._closed = False

    @functools.cached_property
    def vocabulary(self) -> Vocabulary:
        """The model's control tokens, read from the file's header."""
        return read_vocabulary(self._gguf)

    @property
    def name(self) -> str:
        return full_name(self._gguf, self._adapters.values())

    @property
    def adapters(self) -> tuple[str, ...]:
        return tuple(self._adapters)

    def load(self) -> None:
        """Load the model now, if it is not loaded yet: a second or two from a warm disk."""
        with self._turns:
            self._load()

    def close(self) -> None:
        with self._turns:
            self._closed = True
            self._server = None

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
        """Yield the reply in pieces; see `Generator`. Work stops when the iterator is closed, too."""
        yield from self.stream_as({}, prompt, (max_tokens, grammar, stop), cancelled, adapter)

    def drawn(self, temperature: float, seed: int) -> Generator:
        """The same model, which says something else with every seed; in the same queue, nothing to close."""
        return _Drawn(self, temperature, seed)

    def stream_as(
        self,
        draw: Mapping[str, float],
        prompt: str | Sequence[Message],
        limits: tuple[int, str | None, Sequence[str]],
        cancelled: Callable[[], bool] | None,
        adapter: str | None,
    ) -> Iterator[str]:
        """As `stream`, at a temperature and seed (`draw`); `limits` are its tokens, grammar and stops."""
        request = self._request(prompt, *limits) | self._choose(adapter) | dict(draw)
        call = _Call(request, cancelled or _never)
        if not self._turns.take(call.cancelled):
            return
        try:
            server = self._load()
        except BaseException:
            self._turns.give_back()
            raise
        # The worker gives the turn back, because after a cancellation it ends a step later than we do.
        threading.Thread(
            target=self._work, args=(server, call), name="everask-generator", daemon=True
        ).start()
        try:
            yield from call.pieces()
        finally:
            call.stopped = True

    def _work(self, server: Any, call: _Call) -> None:
        try:
            complete = (
                server.handle_chat_completions if "messages" in call.request else server.handle_completions
            )
            complete(call.request, call.receive)
            call.end(None)
        except Exception as error:  # noqa: BLE001 - a worker's edge: handed to the thread that waits
            call.end(error)
        finally:
            self._turns.give_back()

    def _request(
        self, prompt: str | Sequence[Message], max_tokens: int, grammar: str | None, stop: Sequence[str]
    ) -> dict[str, Any]:
        controls = self.vocabulary.controls
        request: dict[str, Any] = {
            "stream": True,
            "return_progress": True,
            "cache_prompt": True,
            "temperature": self._settings.temperature,
            "seed": self._settings.seed,
            "stop": list(stop),
        }
        if grammar is not None:
            request["grammar"] = grammar
        if isinstance(prompt, str):
            return {**request, "n_predict": max_tokens, "prompt": strip_controls(prompt, controls)}
        messages = [Message(one.role, strip_controls(one.content, controls)) for one in prompt]
        if self.vocabulary.chatml:
            return {**request, "n_predict": max_tokens, "prompt": render_chatml(messages)}
        chat = [{"role": one.role, "content": one.content} for one in messages]
        return {**request, "max_tokens": max_tokens, "messages": chat}

    def _choose(self, adapter: str | None) -> dict[str, Any]:
        """The part of a request that names the slot and the adapter; the plain model has the first slot."""
        if not self._adapters:
            return {}
        names = list(self._adapters)
        scales = [{"id": at, "scale": float(name == adapter)} for at, name in enumerate(names)]
        return {"id_slot": names.index(adapter) + 1 if adapter in names else 0, "lora": scales}

    def _load(self) -> Any:
        if self._closed:
            raise ModelError(f"The model {self.name} was closed.", "Open it again.")
        if self._server is None:
            self._server = _start(self._gguf, self._settings, self._adapters)
        return self._server


class _Turns:
    """One at a time, in the order in which they came: of who waits for a lock, anybody may get it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: deque[object] = deque()

    def take(self, cancelled: Callable[[], bool]) -> bool:
        """Wait; False for who gave up."""
        own = object()
        with self._changed:
            self._line.append(own)
            while self._line[0] is not own:
                self._changed.wait(_POLL_SECONDS)
                if self._line[0] is not own and cancelled():
                    self._line.remove(own)
                    return False
        return True

    def give_back(self) -> None:
        """Call the next."""
        with self._changed:
            self._line.popleft()
            self._changed.notify_all()

    def __enter__(self) -> None:
        self.take(_never)

    def __exit__(self, *_: object) -> None:
        self.give_back()


class _Drawn(Passing):
    """A local model at a temperature and a seed of its own."""

    def __init__(self, model: LocalGenerator, temperature: float, seed: int) -> None:
        super().__init__(model)
        self._model = model
        self._draw = {"temperature": temperature, "seed": seed}

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
        """As the model's."""
        yield from self._model.stream_as(self._draw, prompt, (max_tokens, grammar, stop), cancelled, adapter)


class _Call:
    """One request on its way: pieces come in on the library's thread and go out on the caller's."""

    def __init__(self, request: dict[str, Any], cancelled: Callable[[], bool]) -> None:
        self.request = request
        self.cancelled = cancelled
        self.stopped = False
        self._queue: queue.SimpleQueue[str | Exception | None] = queue.SimpleQueue()

    def receive(self, chunk: Any) -> bool:
        """Take one chunk from the library; true asks it to stop."""
        if isinstance(chunk, dict):
            if "error" in chunk:
                self._queue.put(RuntimeError(str(chunk["error"])))
                return True
            for choice in chunk.get("choices", ()):
                piece = choice.get("text") or (choice.get("delta") or {}).get("content") or ""
                if piece:
                    self._queue.put(piece)
        return self.stopped or self.cancelled()

    def end(self, error: Exception | None) -> None:
        self._queue.put(error)

    def pieces(self) -> Iterator[str]:
        while not self.cancelled():
            try:
                piece = self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if piece is None:
                return
            if isinstance(piece, Exception):
                raise ModelError(f"The language model failed: {piece}.", "Ask again, or ask less.") from piece
            yield piece


def _require_gguf(file: Path) -> None:
    if not file.is_file():
        raise ModelError(f"There is no model at {file}.", "Pull one: everask models pull qwen2.5-1.5b")
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise ModelError(f"{file} is not a GGUF model.", "Name a GGUF file, or pull the model again.")


def _start(gguf: Path, settings: LocalSettings, adapters: Mapping[str, Path]) -> Any:
    # Threads that spin while others work on the same cores made replies over three times slower; a
    # short spin costs little when the cores are idle. The runtime reads this when it is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    import xllamacpp  # an extra, and 100 MB of native code: only when a model is really used

    params = xllamacpp.CommonParams()
    params.model.path = str(gguf)
    params.n_parallel = 1 + len(adapters)
    params.n_ctx = settings.context_tokens * params.n_parallel
    params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(one), 1.0) for one in adapters.values()]
    params.lora_init_without_apply = True
    params.n_batch = params.n_ubatch = _STEP_TOKENS
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.num_threads
    params.warmup = False
    params.ui = False
    params.cache_ram_mib = 0
    params.verbosity = -1
    if settings.lookup:
        params.speculative.types = [xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        params.speculative.ngram_simple.size_n, params.speculative.ngram_simple.size_m = _LOOKUP
    params.api_keys = [secrets.token_urlsafe(32)]
    try:
        # Its threads step back with the one that starts them: a search comes before the next word.
        return aside(lambda: xllamacpp.Server(params), WRITING)
    except RuntimeError as error:
        raise ModelError(
            f"{gguf} could not be loaded: {error}.", "Pull the model again, or free memory."
        ) from error


def _never() -> bool:
    return False
