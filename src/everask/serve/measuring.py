"""Measuring the own pile beside serving it: one at a time, in a thread, with its progress."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from everask.errors import BusyError, EveraskError
from everask.pipeline.own_questions import Budget
from everask.pipeline.quality import measure_pile

if TYPE_CHECKING:
    from everask.pipeline import Engine

SECONDS_TO_COME_BACK = 60


@dataclass(slots=True)
class Measuring:
    """The measuring that goes on, if one does: how far it is; and why the last one failed, if it did."""

    done: int = 0
    total: int = 0
    failure: str = ""
    running: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, engine: Engine, number: int, minutes: float) -> None:
        """Begin. Raises BusyError where one goes on already."""
        with self._lock:
            if self.running:
                raise BusyError("A measuring goes on already.", SECONDS_TO_COME_BACK)
            self.running, self.done, self.total, self.failure = True, 0, number, ""
            self.stopped.clear()
        budget = Budget(number, 60 * minutes, self.stopped.is_set)
        threading.Thread(
            target=self._run, args=(engine, budget), name="everask-measuring", daemon=True
        ).start()

    def stop(self) -> None:
        """Let it end with the questions that were asked."""
        self.stopped.set()

    def _run(self, engine: Engine, budget: Budget) -> None:
        try:
            measure_pile(engine, budget, self._hear)
        except EveraskError as error:
            self.failure = f"{error.message} {error.hint}".strip()
        except Exception:
            self.failure = "It failed; the server's log says where."
            logging.getLogger(__name__).exception("measuring failed")
        finally:
            self.running = False

    def _hear(self, done: int, total: int, _: str) -> None:
        self.done, self.total = done, total
