"""The question form, open: asks a question of texts, and says of each whether it answers, and by which words.

One int8 pass a text gives both. The last texts asked are remembered, so that reading what was just ranked
costs nothing. Knows nothing of hits, nor of what an answer is used for.

Shapes: S tokens of a row, T tokens of a text, D twice the hidden size.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everask.encoder.open import CONFIG, GRAPH, PIECES, TABLE, open_session
from everask.encoder.pairs import MAX_TOKENS, Pair, Place, pairs_of
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import PieceTokenizer, open_pieces
from everask.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

FORMAT = 2
"""Since 2 the graph gives what its logit is made of, too."""

MAX_SPAN_TOKENS = 40
_REMEMBERED = 256
_START, _END, _HELD = 0, 1, 2

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class QuestionSettings:
    """What a question form's folder says of it. The probability that a text answers is the logistic of
    `scale` times the logit plus `shift`, fitted on questions that were held out."""

    id: str
    hidden: int
    scale: float = 1.0
    shift: float = 0.0
    max_tokens: int = MAX_TOKENS


@dataclass(frozen=True, slots=True)
class Span:
    """Characters of a text that may answer. `margin` is how far its score is above that of no answer."""

    start: int
    end: int
    margin: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says to one question.

    `logit` is of "this text answers", `probability` the same, calibrated. For each token, at `places`:
    scores of the answer's start and end above those of no answer, and how much its sentence holds one.
    `state_d` is what the logit is made of, as encoder/checker.py's.
    """

    logit: float
    probability: float
    starts_t: Floats
    ends_t: Floats
    held_t: Floats
    places: Sequence[Place]
    state_d: Floats | None = None

    def held(self, start: int, end: int) -> float:
        """How much the characters `start` to `end`, a sentence say, hold the answer: a logit.

        That of the token least likely, where no token is in there (the text was cut, or it is blank).
        """
        inside = self._tokens(start, end)
        if inside.size:
            return float(self.held_t[inside].mean())
        return float(self.held_t.min()) if self.held_t.size else 0.0

    def best_span(self, start: int = 0, end: int | None = None) -> Span | None:
        """The most likely answer within those characters; None where there is no token."""
        inside = self._tokens(start, math.inf if end is None else end)
        if not inside.size:
            return None
        starts, ends = self.starts_t[inside], self.ends_t[inside]
        scores = starts[:, None] + ends[None, :]
        apart = np.arange(inside.size)
        length = apart[None, :] - apart[:, None]
        scores = np.where((length >= 0) & (length < MAX_SPAN_TOKENS), scores, -np.inf)
        first, last = np.unravel_index(int(scores.argmax()), scores.shape)
        return Span(self.places[inside[first]][0], self.places[inside[last]][1], float(scores[first, last]))

    def _tokens(self, start: float, end: float) -> NDArray[np.int64]:
        return np.array(
            [at for at, place in enumerate(self.places) if place[0] < end and start < place[1]], np.int64
        )


class Asker:
    """A question form, open. Thread-safe."""

    def __init__(
        self,
        settings: QuestionSettings,
        tokenizer: PieceTokenizer,
        session: onnxruntime.InferenceSession,
        table: EmbeddingTable,
        *,
        num_threads: int = 2,
    ) -> None:
        self.id = settings.id
        self._settings = settings
        self._tokenizer = tokenizer
        self._session = session
        self._table = table
        self._num_threads = max(1, num_threads)
        self._lock = threading.Lock()
        self._threads: ThreadPoolExecutor | None = None
        self._known: OrderedDict[tuple[str, str], Reading] = OrderedDict()

    def ask(
        self, question: str, texts: Sequence[str], *, seconds: float | None = None
    ) -> list[Reading | None]:
        """What each text says to the question, in their order.

        With `seconds`, texts that are not begun by then are left: None. Those that come first are begun
        first, and what is known already costs nothing.
        """
        stop = math.inf if seconds is None else time.monotonic() + seconds
        asked = self._tokenizer.encode_places(question)[0]

        def read(text: str) -> Reading | None:
            known = self._recall((question, text))
            if known is not None:
                return known
            if time.monotonic() >= stop:
                return None
            made = self._read(list(pairs_of(self._tokenizer, asked, text, self._settings.max_tokens)))
            self._remember((question, text), made)
            return made

        if self._num_threads == 1 or len(texts) < 2:
            return [read(text) for text in texts]
        return list(self._executor().map(read, texts))

    def _read(self, pairs: Sequence[Pair]) -> Reading:
        """Of a long text's rows that overlap, the more certain word counts."""
        rows = [self._run(pair) for pair in pairs]
        logit, _, state_d = max(rows, key=lambda row: row[0])
        places = sorted({place for pair in pairs for place in pair.places})
        at = {place: number for number, place in enumerate(places)}
        merged = np.full((len(places), 3), -np.inf, np.float32)
        for pair, (_, scores_t3, _) in zip(pairs, rows, strict=True):
            numbers = [at[place] for place in pair.places]
            np.maximum.at(merged, numbers, scores_t3)
        chance = self._settings.scale * logit + self._settings.shift
        probability = 1 / (1 + math.exp(-max(-30.0, min(30.0, chance))))
        return Reading(
            logit, probability, merged[:, _START], merged[:, _END], merged[:, _HELD], places, state_d
        )

    def _run(self, pair: Pair) -> tuple[float, Floats, Floats]:
        """The logit, the text's tokens' scores (T, 3), starts and ends above those of none, and the state."""
        feed = {
            "embeddings": self._table.gather(np.asarray(pair.ids))[None],
            "parts": pair.parts()[None],
        }
        answers_11, tokens_1s3, *states = self._session.run(["answers", "tokens", "first", "agreed"], feed)
        scores_s3 = np.asarray(tokens_1s3[0], np.float32)
        none = scores_s3[0] * np.array([1, 1, 0], np.float32)
        state_d = np.concatenate([np.ravel(one) for one in states]).astype(np.float32)
        return float(np.ravel(answers_11)[0]), scores_s3[pair.first : pair.end] - none, state_d

    def _recall(self, key: tuple[str, str]) -> Reading | None:
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            return known

    def _remember(self, key: tuple[str, str], reading: Reading) -> None:
        with self._lock:
            self._known[key] = reading
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self._num_threads, thread_name_prefix="everask-ask")
            return self._threads


def question_settings_of(folder: Path) -> QuestionSettings | None:
    """What the question form in `folder` says of itself; None where none is built."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        return QuestionSettings(**config["question"]) if config.get("format") == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def open_question(folder: Path, *, num_threads: int = 2) -> Asker:
    """Open a question form that was built. Raises ModelError, naming the folder."""
    settings = question_settings_of(folder)
    if settings is None:
        raise ModelError(f"{folder} holds no question form.", "Delete it; it is built again when needed.")
    try:
        table = EmbeddingTable(folder / TABLE, settings.hidden)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The question form in {folder} cannot be opened: {error}.", "Delete the folder and try again."
        ) from error
    session = open_session(folder / GRAPH)
    return Asker(settings, open_pieces(folder / PIECES), session, table, num_threads=num_threads)
