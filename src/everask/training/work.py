"""What the stages of a training share: where they work, on what, and how much is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from everask.errors import TrainingError
from everask.index import Store
from everask.pipeline import taught
from everask.pipeline.jobs import Job
from everask.settings import Settings

Tell = Callable[[str], None]
Show = Callable[[str, int, int, str], None]
"""(stage, done, total, message)"""


@dataclass(frozen=True, slots=True)
class Enough:
    """The least that there must be to learn from, and to measure with."""

    sections: int = 150
    questions: int = 60


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the encoder is taught. Tests make it small."""

    rank: int = 16
    first_trained: int = 4
    num_layers: int | None = None
    batch: int = 48
    steps: int = 300
    rate: float = 3e-4
    save_seconds: float = 60.0
    enough: Enough = Enough()
    judged: tuple[int, int] | None = None
    """The least of what people judged to learn from and to measure with, instead of `learning.NEEDED`."""


DEFAULT = Recipe()


@dataclass(frozen=True, slots=True)
class Work:
    """What the stages share."""

    settings: Settings
    store: Store
    job: Job
    recipe: Recipe
    minutes: float
    tell: Tell
    show: Show

    @property
    def folder(self) -> Path:
        """What only the work needs; it holds texts of documents and is removed at the end."""
        return self.job.folder / "work"

    @property
    def checkpoints(self) -> Path:
        """Where the loop keeps its own."""
        return self.job.folder / "checkpoints"

    @property
    def seed(self) -> int:
        """Of everything that is drawn."""
        return int(self.job.settings["seed"] or 0)

    @property
    def taught(self) -> Path:
        """Where the new encoder is made: nothing looks there before it is promoted."""
        return taught.taught_folder(self.store.folder, self.job.state.name)

    def say(self, message: str) -> None:
        """Tell a person, and the job's log."""
        self.job.log(message)
        self.tell(message)

    def tell_progress(self, stage: str, done: int, total: int, message: str) -> None:
        """Say how far a stage is."""
        self.job.reach(stage, done, total, message)
        self.show(stage, done, total, message)


class TooLittleError(TrainingError):
    """There are too few documents or votes; going on would not help."""
