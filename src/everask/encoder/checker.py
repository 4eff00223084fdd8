"""The checker, open: is this sentence supported by these words, and which of its words are not?

The question form with another adapter (encoder/question_graph.py): the sentence is the question, the quote
the text. The logit is of "supported"; of the sentence's tokens, the first score says how likely each is not
carried by the text; of the first token, the second says whether the text says the opposite, where it does
not support. What was checked last is remembered. Knows nothing of answers.

Shapes: S tokens of a row, Q tokens of the sentence, H hidden, D = 2H.
"""

from __future__ import annotations

import copy
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everask.encoder.open import GRAPH, PIECES, TABLE, open_session
from everask.encoder.pairs import Pair, Place, pairs_of
from everask.encoder.question import QuestionSettings, question_settings_of
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import PieceTokenizer, open_pieces
from everask.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

MAX_SENTENCE_TOKENS = 96
UNSUPPORTED, OPPOSITE = 0, 1
"""Columns of the graph's token scores, as the checker's training uses them."""

WEAK_ABOVE = 0.5
_REMEMBERED = 512

Floats = NDArray[np.float32]
Checked = tuple[str, str]
"""A sentence, and the text that should support it."""


Weights = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes a chance of a logit and of what else is known of a pair: weights of both and a constant, for
    a sentence in the text's language, and in another."""

    same: Weights
    across: Weights


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a text says to one sentence.

    `logit` is of "supported", `probability` the same, calibrated; `opposite` is the chance that the text says
    the opposite, where it does not support. `weak_q` has for each token of the sentence, at `places`, the
    chance that the text does not carry it. `state_d` is what the logit is made of (the first token's state,
    and the product of both parts' means; D = 2H), for heads of others (models/reward).
    """

    logit: float
    probability: float
    opposite: float
    weak_q: Floats
    places: Sequence[Place]
    state_d: Floats | None = None

    def weak_spans(self, above: float = WEAK_ABOVE) -> tuple[Place, ...]:
        """Characters of the sentence that are likely not carried; neighbours are joined."""
        spans: list[Place] = []
        for chance, (start, end) in zip(self.weak_q, self.places, strict=False):
            if chance < above or start == end:
                continue
            if spans and start - spans[-1][1] <= 1:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        return tuple(spans)


class Checker:
    """A checker, open. Thread-safe. `calibration` says what its logits mean; None: as it ships."""

    calibration: Calibration | None = None

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
        self._threads = ThreadPoolExecutor(self._num_threads, thread_name_prefix="everask-check")
        self._known: OrderedDict[Checked, Verdict] = OrderedDict()

    def calibrated(self, calibration: Calibration | None) -> Checker:
        """The same checker with another calibration: one model, and one memory."""
        made = copy.copy(self)
        made.calibration = calibration
        return made

    def check(self, pairs: Iterable[Checked]) -> list[Verdict]:
        """What each text says to its sentence, in their order: all in one go, over the threads.

        What is remembered costs nothing, so whoever knows all pairs asks for them at once, first. A text too
        long for one row is checked in overlapping pieces: the one that supports most counts.
        """
        wanted = list(pairs)
        fresh = [one for one in dict.fromkeys(wanted) if not self._recall(one)]
        if len(fresh) > 1 and self._num_threads > 1:
            made = list(self._threads.map(self._judge, fresh))
        else:
            made = [self._judge(one) for one in fresh]
        now = dict(zip(fresh, made, strict=True))
        for key, verdict in now.items():
            self._remember(key, verdict)
        return [now.get(one) or self._recall(one) or self._judge(one) for one in wanted]

    def _judge(self, pair: Checked) -> Verdict:
        sentence, text = pair
        said, places = self._tokenizer.encode_places(sentence)
        rows = [
            self._run(row, min(len(said), MAX_SENTENCE_TOKENS))
            for row in pairs_of(self._tokenizer, said, text, self._settings.max_tokens, MAX_SENTENCE_TOKENS)
        ]
        logit, opposite, weak_q, state_d = max(rows, key=lambda row: row[0])
        chance = logistic(self._settings.scale * logit + self._settings.shift)
        return Verdict(logit, chance, opposite, weak_q, places[: len(weak_q)], state_d)

    def _run(self, row: Pair, num_said: int) -> tuple[float, float, Floats, Floats]:
        feed = {
            "embeddings": self._table.gather(np.asarray(row.ids))[None],
            "parts": row.parts()[None],
        }
        answers_11, tokens_1s3, *states = self._session.run(["answers", "tokens", "first", "agreed"], feed)
        scores_s3 = np.asarray(tokens_1s3[0], np.float32)
        weak_q = 1 / (1 + np.exp(-np.clip(scores_s3[1 : 1 + num_said, UNSUPPORTED], -30, 30)))
        return (
            float(np.ravel(answers_11)[0]),
            logistic(float(scores_s3[0, OPPOSITE])),
            np.asarray(weak_q, np.float32),
            np.concatenate([np.ravel(one) for one in states]).astype(np.float32),
        )

    def _recall(self, key: Checked) -> Verdict | None:
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
            return known

    def _remember(self, key: Checked, verdict: Verdict) -> None:
        with self._lock:
            self._known[key] = verdict
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def logistic(value: float) -> float:
    """A logit's probability, kept within what a float can tell from 0 and 1."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def open_checker(folder: Path, *, num_threads: int = 2) -> Checker:
    """Open a checker that was built. Raises ModelError, naming the folder."""
    settings = question_settings_of(folder)
    if settings is None:
        raise ModelError(f"{folder} holds no checker.", "Delete it; it is built again when needed.")
    try:
        table = EmbeddingTable(folder / TABLE, settings.hidden)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"The checker in {folder} cannot be opened: {error}.", "Delete the folder and try again."
        ) from error
    session = open_session(folder / GRAPH)
    return Checker(settings, open_pieces(folder / PIECES), session, table, num_threads=num_threads)
