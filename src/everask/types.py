"""The records that travel between rooms.

Frozen, slotted, no I/O. Every text record carries a language and offsets into its parent, so that a
citation always resolves to characters of a source, and to boxes on a page where there is one.
Offsets are Python string indices (code points), start inclusive, end exclusive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from everask.limits import TopicLimit
from everask.quoted import ShownSentence
from everask.trajectory import NO_STEPS, Trajectory

BlockKind = Literal["heading", "text", "list", "table", "code", "figure"]
PageSource = Literal["text", "ocr", "unreadable"]
Channel = Literal["lexical", "dense", "memory", "ranker"]
ReasonKind = Literal["words", "meaning", "language", "memory", "ranker"]
SourceStatus = Literal["ok", "partial", "failed"]
Stage = Literal["searching", "reading", "writing"]
NoteKind = Literal["disagreement", "newer", "computed", "read", "chosen"]
EventKind = Literal[
    "asked", "shown", "opened", "copied", "voted", "corrected", "commented", "why_not", "tagged"
]


@dataclass(frozen=True, slots=True)
class Word:
    """One word on a page: its span in the document's text and its box in points, origin top left."""

    start: int
    end: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Page:
    """One page (or slide, or sheet), numbered from 1. Width and height in points, 0 where unknown."""

    number: int
    start: int
    end: int
    width: float = 0.0
    height: float = 0.0
    source: PageSource = "text"
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, paragraph, list item, table row and so on: a span of the document's text.

    `level` is the heading's depth from 1, else 0. A table is one block a row; `header` of a row is
    the span of its header row in the document's text, or None.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    header: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document as it was read. `text` is the extracted text that every offset points into.

    `id` identifies this content at this place; `content` is the SHA-256 of the bytes; `name` is the
    path below the added folder without its ending; `modified` is seconds since the epoch, UTC.
    """

    id: str
    name: str
    uri: str
    title: str
    media_type: str
    content: str
    language: str
    modified: float
    size: int
    text: str
    blocks: tuple[Block, ...] = ()
    pages: tuple[Page, ...] = ()
    groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """What lists and hits show of a document, without its text."""

    id: str
    name: str
    uri: str
    title: str
    media_type: str
    language: str
    modified: float
    size: int
    num_passages: int
    num_pages: int = 0
    groups: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """About 100 to 180 tokens of a document.

    `text` is exactly `document.text[start:end]`, `indexed` the cleaned text that is searched, `headings` the
    path of headings above it. `id` is 0 until the store has given one.
    """

    id: int
    document_id: str
    ordinal: int
    start: int
    end: int
    text: str
    indexed: str
    language: str
    headings: tuple[str, ...] = ()
    page: int | None = None
    kind: BlockKind = "text"

    @property
    def head(self) -> str:
        """Its last headings as one line with its break; empty where there are none."""
        return f"{' > '.join(self.headings[-2:])[:160]}\n" if self.headings else ""

    @property
    def asked(self) -> str:
        """What a question is asked of: the text below its head; of a table, with the header at each value."""
        return self.head + (self.indexed if self.kind == "table" else self.text)


@dataclass(frozen=True, slots=True)
class Filters:
    """What a query is limited to; empty means no limit. Dates are seconds since the epoch, UTC.

    `folder` is a path or the beginning of a URI; `folders` are names of folders on the way to the document.
    `titles` must stand in its title or name; a passage must hold each of the `phrases`, none of `without`.
    """

    languages: tuple[str, ...] = ()
    folder: str | None = None
    media_types: tuple[str, ...] = ()
    after: float | None = None
    before: float | None = None
    folders: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    topics: TopicLimit | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """A question or search, in one language, with its limits.

    `groups` are the asker's; None may read everything. `spelled` is the text with the documents' spelling of
    words that stand in none of them, for its words; empty if all do. Passages with the `preferred` wordings
    come a little earlier. `user` asks; None is the owner.
    """

    text: str
    language: str
    filters: Filters = field(default_factory=Filters)
    groups: tuple[str, ...] | None = None
    spelled: str = ""
    preferred: tuple[str, ...] = ()
    user: int | None = None


@dataclass(frozen=True, slots=True)
class Understood:
    """What was made of what somebody typed: the words to look for, the limits, and hints for people.

    `text` is empty when there is nothing to look for. `suggestion` is the whole of what was typed with
    words in it spelled as the documents spell them, or empty. `preferred` are what stands in quotation
    marks in a question: it is not demanded.
    """

    text: str
    filters: Filters = field(default_factory=Filters)
    hints: tuple[str, ...] = ()
    suggestion: str = ""
    preferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a hit's score: what it is for, how much it is, and why, in a few words."""

    kind: ReasonKind
    score: float
    because: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. `channels` maps each channel to the score that it gave.

    `marks` are spans of `passage.text` (offsets into it) that match the query's words. `reasons`, where
    they were asked for, add up to `score`.
    """

    passage: Passage
    document: DocumentInfo
    score: float
    channels: Mapping[Channel, float]
    marks: tuple[tuple[int, int], ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence (or table row) of a hit that may answer. Offsets are into the document's text.

    `context` is what a reader needs to understand it (heading path, table header), shown, not cited.
    """

    hit: Hit
    start: int
    end: int
    text: str
    probability: float
    context: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact words that support a claim: `quote == document.text[start:end]`."""

    document: str
    document_id: str
    title: str
    uri: str
    language: str
    start: int
    end: int
    quote: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer. `support` is in 0..1; `verbatim` when the sentence is a quote.

    `unsupported` are the characters of the text, start and end, that the quotes carry least; empty when sure.
    `heading` is what it stands under in a longer answer: a section, a date; empty where there is nothing.
    """

    text: str
    support: float
    citations: tuple[Citation, ...]
    verbatim: bool = False
    unsupported: tuple[tuple[int, int], ...] = ()
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What must be known beside the sentences: a disagreement, a newer version, a computed figure."""

    kind: NoteKind
    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer, or an abstention that says why and shows the nearest passages.

    `rewritten` is the question as it stands alone, where what was asked before completed it; else empty.
    An abstention names what was `looked_for`: words, languages, limits. `trajectory` is the way to it.
    """

    question: str
    text: str
    language: str
    claims: tuple[Claim, ...]
    abstained: bool
    why: str
    nearest: tuple[Evidence, ...]
    model: str | None
    settings_hash: str
    seconds: float
    rewritten: str = ""
    notes: tuple[Note, ...] = ()
    looked_for: tuple[str, ...] = ()
    chance: float = 0.0
    trajectory: Trajectory = NO_STEPS


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question of a conversation, and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The question as it stands alone, completed by what was asked before. Comes before "searching"."""

    question: str


@dataclass(frozen=True, slots=True)
class StageStarted:
    """The answer's work reached a stage."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class QuotesFound:
    """Evidence, shown at once, before any sentence is written."""

    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Drafted:
    """A piece of text that the model just wrote, not yet checked."""

    text: str


@dataclass(frozen=True, slots=True)
class ClaimChecked:
    """A sentence that passed its check, and may be shown as supported."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of the stream: the whole answer."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far long work is: `done` of `total`, and what is being read."""

    done: int
    total: int
    what: str


AnswerEvent = Rewritten | StageStarted | Progressed | QuotesFound | Drafted | ClaimChecked | Answered


@dataclass(frozen=True, slots=True)
class Source:
    """A file or page that was added: what the store knows of it without opening it.

    `stamp` is `(size, mtime_ns, inode)` for a file; unchanged stamps are not read again.
    """

    uri: str
    root: str
    stamp: tuple[int, int, int]
    content: str
    status: SourceStatus
    message: str
    num_documents: int
    indexed_at: float


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a person did. `user` None is the owner. `claim` numbers the answer's sentence from 0.
    `value` of a vote or tag is 1 or -1. `detail` depends on the kind: a comment's or correction's words, the
    topic. `shown` is what a vote or correction was about, if it is known. `id` is 0 until stored."""

    kind: EventKind
    at: float
    user: int | None = None
    ask: str = ""
    question: str = ""
    claim: int | None = None
    document_id: str = ""
    start: int | None = None
    end: int | None = None
    value: float | None = None
    detail: str = ""
    id: int = 0
    shown: ShownSentence | None = None
