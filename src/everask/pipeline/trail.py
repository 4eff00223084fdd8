"""What became of an expected place on its way through search and answer: step by step, in words and figures.

Each step's text is a template in English with its figures beside it, so that it can be said in any language.
Knows nothing of how the way is followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from everask.trajectory import NO_STEPS, Trajectory
from everask.types import DocumentInfo

WhyStage = Literal[
    "pile", "file", "text", "limits", "cut", "vector", "found", "ranked", "read", "chosen", "whole", "chance",
    "quoted", "written", "checked", "answer",
]  # fmt: skip
State = Literal["passed", "lost", "note"]
Figure = str | int | float

TEXTS: Mapping[str, str] = {
    "missing": "There is no such document in the pile.",
    "nowhere": "No document in the pile holds these words.",
    "failed": "The file could not be read: {message}",
    "not added": "The file is on the disk and was not added.",
    "in pile": "The document is in the pile: {name}.",
    "partial": "The file was read in part: {message}",
    "no page": "The words are in nothing that was read; these pages could not be read: {pages}.",
    "no words": "The words are not in the text that was read from it.",
    "like": "The words are not in the text that was read."
    " The nearest, with {likeness:.0%} of the letters: “{near}”",
    "like page": "The words are not in the text. Page {page} was read from a picture, where letters go wrong."
    " The nearest, with {likeness:.0%} of the letters: “{near}”",
    "nearly": "The words stand there nearly as given, with {likeness:.0%} of the letters.",
    "in text": "The words stand in its text.",
    "from picture": "Page {page} was read from a picture: letters may be wrong.",
    "no passage": "The words stand in no passage: they are a heading, or between two passages.",
    "whole text": "{passages} passages of it can be found.",
    "limits": "The question's limits leave it out: {limits}.",
    "within": "The question's limits let it in.",
    "cut": "The words were cut over {parts} passages, and no part alone was taken.",
    "pieces": "The words go over {parts} passages.",
    "waiting": "It waits for its vector, and is found by words alone until then.",
    "not found": "Neither its words nor its meaning brought it among the first {seen}.",
    "far": "It is not among the first {candidates} by words or by meaning. By words it is number {by_words},"
    " by meaning {by_meaning}, by both {fused} of {seen}.",
    "ranked low": "It is number {fused} of {seen} (by words {by_words}, by meaning {by_meaning}); the first"
    " {taken} are read. Its score is {score:.2f}; the first has {best:.2f}, the last one read {last:.2f}.",
    "ranked again": "Search had it as number {fused}; ranked again it is not among the first {taken}.",
    "found": "It is number {fused} of {seen} (by words {by_words}, by meaning {by_meaning}), and was read.",
    "not read": "The passage was read, but of {sentences} sentences only {limit} are looked at closely, and"
    " these words are not among them.",
    "not chosen": "The sentence was read and is number {rank}: {probability:.0%} that it answers. The first"
    " has {best:.0%}, and the first {kept} are kept.",
    "older": "A newer version of the document took its place.",
    "chosen": "The sentence is number {rank} of the evidence: {probability:.0%} that it answers.",
    "chance": "The chance that there is an answer is {chance:.0%}; {threshold:.0%} is needed.",
    "sure": "The chance that there is an answer is {chance:.0%}; {threshold:.0%} is needed.",
    "repeats": "Another quote that says nearly the same was taken: “{other}”",
    "not quoted": "{probability:.0%} that it answers is too little beside the best quote's {best:.0%}.",
    "quoted": "It was taken as a quote.",
    "declined": "The language model read it and said that the quotes do not answer.",
    "not written": "The language model read it and wrote nothing from it. It wrote: “{written}”",
    "not used": "The language model read it, and no sentence of the answer rests on it.",
    "model failed": "The language model failed: {message}",
    "unsupported": "A sentence was written and dropped: “{sentence}” The quote supports it by"
    " {support:.0%}; {needed:.0%} is needed.",
    "refused": "A sentence was written and dropped: “{sentence}” {reason}.",
    "whole": "The question was taken as one about whole documents or tables; the answer rests on"
    " other places.",
    "answered": "It is in the answer: “{sentence}”",
}  # fmt: skip
"""What a step says, by name."""


STAGE_NAMES: Mapping[WhyStage, str] = {
    "pile": "In the pile",
    "file": "Reading the file",
    "text": "In its text",
    "limits": "The question's limits",
    "cut": "Cutting into passages",
    "vector": "Vectors",
    "found": "Finding",
    "ranked": "Ranking",
    "read": "Reading sentences",
    "chosen": "Choosing sentences",
    "whole": "Whole documents",
    "chance": "Enough for an answer",
    "quoted": "Taken as a quote",
    "written": "Writing",
    "checked": "Checking",
    "answer": "In the answer",
}
"""The stages as people are told them, in the order of the way."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: a stage, what became of the place there, and why, with figures."""

    stage: WhyStage
    state: State
    text: str
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """What it says, in English."""
        return self.text.format(**self.figures)


@dataclass(frozen=True, slots=True)
class Why:
    """What became of an expected place: the steps in their order, and the stage that lost it, "" where it is
    in the answer. The document and the place are there where they were found. `way` is how well searching and
    reading went, whatever was expected."""

    question: str
    lost_at: WhyStage | Literal[""]
    steps: tuple[Step, ...]
    document: DocumentInfo | None = None
    start: int | None = None
    end: int | None = None
    passage: int | None = None
    seconds: float = 0.0
    way: Trajectory = NO_STEPS


class Lost(Exception):
    """The place was lost at the last step of the trail."""


@dataclass(slots=True)
class Trail:
    """The steps so far."""

    steps: list[Step] = field(default_factory=list)

    def passed(self, stage: WhyStage, name: str, figures: Mapping[str, Figure] | None = None) -> None:
        """It came through a stage."""
        self.steps.append(Step(stage, "passed", TEXTS[name], figures or {}))

    def note(self, stage: WhyStage, name: str, figures: Mapping[str, Figure] | None = None) -> None:
        """Something to know that did not lose it."""
        self.steps.append(Step(stage, "note", TEXTS[name], figures or {}))

    def lost(self, stage: WhyStage, name: str, figures: Mapping[str, Figure] | None = None) -> Lost:
        """It was lost at a stage; the caller raises what this returns."""
        self.steps.append(Step(stage, "lost", TEXTS[name], figures or {}))
        return Lost(stage)

    def lost_at(self) -> WhyStage | Literal[""]:
        """The stage that lost it."""
        return next((one.stage for one in self.steps if one.state == "lost"), "")
