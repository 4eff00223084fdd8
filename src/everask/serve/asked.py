"""One question as a resource: who asked what, and what has come of it so far."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

from everask.dialogue import MAX_TURNS
from everask.errors import EveraskError
from everask.serve.kept import Glossed
from everask.types import (
    Answer,
    Answered,
    AnswerEvent,
    Claim,
    ClaimChecked,
    Filters,
    QuotesFound,
    Rewritten,
    StageStarted,
    Turn,
)

State = Literal["waiting", "running", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Restarted:
    """The work was stopped and starts again: what came before no longer counts."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The question could not be answered."""

    error: EveraskError


AskEvent = AnswerEvent | Restarted | Failed


@dataclass(slots=True)
class Ask:
    """One question, and what has come of it so far.

    `user` is who asked, None the owner; `groups` are whose documents are looked at. `carried` are documents
    whose words may be in the `history`. `pile` is how often documents had changed when the work began.
    """

    id: str
    question: str
    filters: Filters
    groups: tuple[str, ...] | None
    grace: float
    asker: str = ""
    user: int | None = None
    history: tuple[Turn, ...] = ()
    carried: frozenset[str] = frozenset()
    follows: str = ""
    pile: int = -1
    kept: bool = False
    asked_at: float = field(default_factory=time.time)
    state: State = "waiting"
    events: list[AskEvent] = field(default_factory=list)
    glosses: list[Glossed] = field(default_factory=list)
    num_followers: int = 0
    visited_until: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    watch: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None

    @property
    def rewritten(self) -> str:
        """The question as it stands alone, where what was asked before completed it."""
        found = [one.question for one in self.events if isinstance(one, Rewritten)]
        return found[-1] if found else ""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What has been said, this question and its answer last: the history of what follows it."""
        said = self.answer.text if self.answer and not self.answer.abstained else ""
        return (*self.history[-MAX_TURNS:], Turn(self.rewritten or self.question, said))

    @property
    def quotes(self) -> QuotesFound | None:
        """What was found first, once it is there."""
        begun = max((at for at, one in enumerate(self.events) if isinstance(one, Restarted)), default=0)
        return next((one for one in self.events[begun:] if isinstance(one, QuotesFound)), None)

    @property
    def answer(self) -> Answer | None:
        """The whole answer, once it is there."""
        last = self.events[-1] if self.events else None
        return last.answer if isinstance(last, Answered) else None

    @property
    def error(self) -> EveraskError | None:
        """Why it failed, if it did."""
        last = self.events[-1] if self.events else None
        return last.error if isinstance(last, Failed) else None

    @property
    def finished(self) -> bool:
        """Whether no more events will come, unless it is started again."""
        return self.state in {"done", "failed", "stopped"}

    def cited(self) -> set[str]:
        """The ids of the documents whose words the events hold."""
        found: set[str] = set()
        for event in self.events:
            match event:
                case QuotesFound(evidence):
                    found.update(each.hit.document.id for each in evidence)
                case ClaimChecked(claim):
                    found.update(each.document_id for each in claim.citations)
                case Answered(answer):
                    found.update(each.hit.document.id for each in answer.nearest)
                    found.update(each.document_id for claim in answer.claims for each in claim.citations)
                    found.update(each.document_id for note in answer.notes for each in note.citations)
        return found

    @property
    def shown(self) -> frozenset[str]:
        """The ids of all documents whose words are in this, its history among it."""
        return self.carried | self.cited()

    def claims_until(self, event: ClaimChecked) -> list[Claim]:
        """The claims that stand when this one has come: of its own draft, if others were thrown away."""
        claims: list[Claim] = []
        for one in self.events:
            match one:
                case Restarted() | StageStarted("writing"):
                    claims.clear()
                case ClaimChecked(claim):
                    claims.append(claim)
            if one is event:
                break
        return claims

    def note(self, event: AskEvent) -> None:
        """Keep an event and wake who follows. In the event loop's thread only."""
        self.events.append(event)
        self.wake()

    def wake(self) -> None:
        """Wake who follows."""
        self.changed.set()
        self.changed = asyncio.Event()

    def stop(self) -> None:
        """Stop the work, whether it runs or waits."""
        if not self.finished:
            self.state = "stopped"
            self.cancelled.set()
            if self.task:
                self.task.cancel()
            self.wake()

    def expect_follower(self, seconds: float) -> None:
        """Stop the work after some seconds, unless somebody follows by then."""
        if self.watch:
            self.watch.cancel()
        self.watch = asyncio.get_running_loop().call_later(seconds, self._stop_if_alone)

    def _stop_if_alone(self) -> None:
        if self.num_followers == 0:
            self.stop()
