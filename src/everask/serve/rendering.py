"""Records as pieces of pages. Templates escape everything; what comes from documents is text, never markup.

The same claim template serves the live stream, the permalink and the page without scripts.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jinja2

from everask.documents.kind import LABELS, MEDIA_TYPES
from everask.serve import assets
from everask.serve.faults import language_of_fault, say_fault
from everask.serve.schema import place_url
from everask.serve.way import way_view
from everask.serve.wording import language_names, translator
from everask.types import Answer, Citation, Claim, Evidence, Hit, NoteKind

_MAX_NOTE_PLACES = 6
WELL, PARTLY = 80, 50
"""Percent of support from which a sentence is marked as well, and as partly, supported."""
NOTE_LABELS: dict[NoteKind, str] = {
    "disagreement": "Your documents disagree",
    "newer": "A newer version",
    "computed": "Computed",
    "read": "What was read",
    "chosen": "Drafts compared",
}
WEB = assets.WEB
RTL = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
UNITS = {
    MEDIA_TYPES[kind]: unit
    for kind, unit in (("pptx", "slides"), ("odp", "slides"), ("xlsx", "sheets"), ("ods", "sheets"))
}
SHORT_LABELS = {
    "docx": "Word",
    "html": "Web page",
    "odp": "OpenDocument slides",
    "ods": "OpenDocument sheet",
    "pptx": "PowerPoint",
    "xlsx": "Excel",
}
KINDS = {MEDIA_TYPES[kind]: SHORT_LABELS.get(kind, label) for kind, label in LABELS.items()}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, marked or not. `first` is the beginning of a mark."""

    text: str
    marked: bool
    first: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quote stands, as a link: its number on the page, its words, its document."""

    number: int
    quote: str
    context: str
    document_id: str
    title: str
    name: str
    language: str
    page: int | None
    start: int
    end: int

    @property
    def url(self) -> str:
        """The document's page, with the quote marked."""
        return place_url(self.document_id, self.start, self.end)

    @property
    def source(self) -> str:
        """The piece of a page that shows the quote in its document."""
        return f"/documents/{self.document_id}/source?mark={self.start}-{self.end}"

    @property
    def cited(self) -> str:
        """The document and page, as a citation names them."""
        return f"{self.title}, {self.page}" if self.page else self.title


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A sentence of an answer, with the numbers of its places."""

    number: int
    text: str
    percent: int
    verbatim: bool
    language: str
    places: tuple[Place, ...]
    parts: tuple[Piece, ...]
    """The sentence; marked are the words that its quotes carry least."""
    heading: str = ""

    @property
    def level(self) -> str:
        """How well it is supported, as the page shows it."""
        return "well" if self.percent >= WELL else "partly" if self.percent >= PARTLY else "weakly"

    @property
    def copied(self) -> str:
        """The sentence with its sources, for the clipboard."""
        quotes = [f"[{one.number}] “{flow(one.quote)}” ({one.cited})" for one in self.places]
        if self.verbatim:
            return f"“{flow(self.text)}” ({'; '.join(one.cited for one in self.places)})"
        numbers = "".join(f"[{one.number}]" for one in self.places)
        return "\n".join([f"{self.text} {numbers}", *quotes])


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note with its numbered places."""

    kind: NoteKind
    text: str
    places: tuple[Place, ...]

    @property
    def label(self) -> str:
        """What kind of note it is, in English."""
        return NOTE_LABELS[self.kind]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer as it is shown. `sources` are what its written sentences and notes cite; quotes show their
    own."""

    claims: tuple[ClaimView, ...]
    sources: tuple[Place, ...]
    nearest: tuple[Place, ...]
    abstained: bool
    why: str
    language: str
    model: str | None
    seconds: float
    chance: float
    notes: tuple[NoteView, ...] = ()
    looked_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HitView:
    """A passage that a search found, with its words marked."""

    pieces: tuple[Piece, ...]
    headings: tuple[str, ...]
    place: Place
    passage: int


def render(template: str, context: Mapping[str, Any], language: str = "en") -> str:
    """A template with its values, its own words in a language of the pages."""
    return _environment(language).get_template(template).render(context)


def prepare_templates(language: str) -> None:
    """Read and compile the templates in a language, before the first page is asked for."""
    environment = _environment(language)
    for name in environment.list_templates():
        environment.get_template(name)


def pieces(text: str, spans: Iterable[tuple[int, int]], offset: int = 0) -> tuple[Piece, ...]:
    """Cut `text` at spans, which count from `offset` characters before it; what lies outside is left out."""
    parts: list[Piece] = []
    place = 0
    for start, end in sorted(spans):
        first, last = max(place, start - offset), min(len(text), end - offset)
        if first >= last:
            continue
        if first > place:
            parts.append(Piece(text[place:first], marked=False))
        parts.append(Piece(text[first:last], marked=True, first=first == start - offset))
        place = last
    if place < len(text):
        parts.append(Piece(text[place:], marked=False))
    return tuple(parts)


def answer_view(answer: Answer) -> AnswerView:
    """An answer with its citations numbered in the order in which they appear."""
    numbers: dict[tuple[str, int, int], int] = {}
    claims = claim_views(answer.claims, numbers)
    notes = tuple(
        NoteView(
            note.kind,
            note.text,
            tuple(_citation_place(one, numbers) for one in note.citations[:_MAX_NOTE_PLACES]),
        )
        for note in answer.notes
    )
    quoted = {place.number for claim in claims if claim.verbatim for place in claim.places}
    cited = [*(one.places for one in claims), *(one.places for one in notes)]
    sources = {one.number: one for places in cited for one in places if one.number not in quoted}
    return AnswerView(
        claims,
        tuple(sources.values()),
        evidence_places(answer.nearest),
        answer.abstained,
        answer.why,
        answer.language,
        answer.model,
        answer.seconds,
        answer.chance,
        notes,
        answer.looked_for,
    )


def claim_views(
    claims: Sequence[Claim], numbers: dict[tuple[str, int, int], int] | None = None
) -> tuple[ClaimView, ...]:
    """Claims with numbered places; one place has one number, however often it is cited."""
    numbers = {} if numbers is None else numbers
    return tuple(
        ClaimView(
            number,
            claim.text,
            round(100 * claim.support),
            claim.verbatim,
            claim.citations[0].language if claim.verbatim and claim.citations else "",
            tuple(_citation_place(one, numbers) for one in claim.citations),
            pieces(claim.text, claim.unsupported),
            claim.heading if claim.heading != before else "",
        )
        for number, (before, claim) in enumerate(
            zip(["", *(one.heading for one in claims)], claims, strict=False)
        )
    )


def evidence_places(evidence: Sequence[Evidence]) -> tuple[Place, ...]:
    """Evidence as numbered places."""
    return tuple(
        Place(
            number,
            one.text,
            _context(one),
            one.hit.document.id,
            one.hit.document.title or one.hit.document.name,
            one.hit.document.name,
            one.hit.passage.language,
            one.hit.passage.page,
            one.start,
            one.end,
        )
        for number, one in enumerate(evidence, 1)
    )


def hit_view(hit: Hit, number: int) -> HitView:
    """A hit with its words marked."""
    place = Place(
        number,
        hit.passage.text,
        "",
        hit.document.id,
        hit.document.title or hit.document.name,
        hit.document.name,
        hit.passage.language,
        hit.passage.page,
        hit.passage.start,
        hit.passage.end,
    )
    parts = pieces(hit.passage.text, hit.marks)
    if hit.passage.kind not in {"table", "code"}:
        parts = tuple(dataclasses.replace(one, text=flow(one.text)) for one in parts)
    headings = hit.passage.headings
    headings = headings[1:] if headings[:1] == (place.title,) else headings
    return HitView(parts, headings, place, hit.passage.id)


def flow(text: str) -> str:
    """Text for reading: lines that were broken to fit a page are joined, paragraphs stay apart."""
    paragraphs = re.split(r"\n\s*\n\s*", text)
    return "\n".join(re.sub(r"[^\S\n]*\n[^\S\n]*", " ", one) for one in paragraphs)


def language_name(code: str, language: str = "en") -> str:
    """A language's name in another; the code where it has none here."""
    return "" if code in {"", "und"} else language_names(language).get(code, code)


def kind_name(media_type: str) -> str:
    """A media type in plain words."""
    return KINDS.get(media_type, media_type.rpartition("/")[2])


def _context(evidence: Evidence) -> str:
    """What stands above a sentence, without the document's title, which is shown anyway."""
    title = evidence.hit.document.title
    return (
        ""
        if evidence.context == title
        else evidence.context.removeprefix(f"{title} > ").replace(" > ", " › ")
    )


def _citation_place(citation: Citation, numbers: dict[tuple[str, int, int], int]) -> Place:
    key = (citation.document_id, citation.start, citation.end)
    number = numbers.setdefault(key, len(numbers) + 1)
    return Place(
        number,
        citation.quote,
        "",
        citation.document_id,
        citation.title or citation.document,
        citation.document,
        citation.language,
        citation.page,
        citation.start,
        citation.end,
    )


class _Compiled(jinja2.BytecodeCache):
    """Templates as they were compiled for the first language, for all others: words are looked up later."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Fill in what is known."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


@functools.cache
def _environment(language: str) -> jinja2.Environment:
    """One environment a language, so that macros and filters know it too."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(assets.TEMPLATES),
        bytecode_cache=_COMPILED,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = _ = translator(language)
    environment.globals["page_language"] = language
    environment.globals["asset"] = assets.asset_url
    environment.globals["page_direction"] = "rtl" if language in RTL else "ltr"
    environment.filters["language"] = functools.partial(language_name, language=language)
    environment.filters["direction"] = lambda code: "rtl" if code in RTL else "auto"
    environment.filters["count"] = lambda number: f"{number:,}"
    environment.filters["size"] = _size
    environment.filters["date"] = _date
    environment.filters["flow"] = flow
    environment.filters["fault"] = functools.partial(say_fault, language=language)
    environment.filters["fault_language"] = functools.partial(language_of_fault, language=language)
    environment.filters["way"] = way_view
    environment.filters["unit"] = lambda media_type: _(UNITS.get(media_type, "pages"))
    environment.filters["kind"] = lambda media_type: _(kind_name(media_type))
    environment.filters["lang"] = lambda code: code if code not in {"", "und"} else ""
    return environment


def _size(num_bytes: int) -> str:
    amount = float(num_bytes)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def _date(seconds: float) -> str:
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return ""
