"""The place that somebody expected: a document, or words that are looked up in it, or in the whole pile."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass

from everask.errors import NotFoundError, UsageError
from everask.pipeline.adding import absolute, is_url
from everask.pipeline.engine import Engine
from everask.pipeline.trail import Figure, Trail
from everask.text import analyse, analyse_query, language_of
from everask.text.locate import locate, most_like
from everask.types import Document, DocumentInfo, Passage

MAX_TOKENS = 60
_MAX_WORDS = 20_000
_LOOKED_AT = 5
_LIKE = 0.5
"""From this share of the letters on, something like the words is shown."""
_NEARLY = 0.85
"""From this share on, a place is taken for the one that was meant."""
_SHOWN = 240

Groups = tuple[str, ...] | None
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """What somebody expected: a document by id, name, path or URL; words of it; or characters of it.

    Words alone are looked up in the pile. `local`: it is asked at the machine itself, so that its files may
    be spoken of.
    """

    document: str = ""
    words: str = ""
    span: Span | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """The expected place: the passages that hold it, and where it may stand; no spans for a whole one."""

    info: DocumentInfo
    passages: tuple[Passage, ...]
    spans: tuple[Span, ...]

    @property
    def parts(self) -> int:
        """Over how many passages the words go; 1 where one passage has all of some occurrence."""
        counts = [_count_parts(self.passages, span) for span in self.spans]
        return min(counts, default=1)

    def holds(self, document: str, start: int, end: int) -> bool:
        """Whether characters of a document are of the expected place."""
        if document != self.info.id:
            return False
        return not self.spans or any(_overlap((start, end), span) for span in self.spans)


def find_target(engine: Engine, expected: Expected, groups: Groups, trail: Trail) -> Target:
    """The expected place. Raises Lost where it is nowhere, UsageError where nothing is expected."""
    words = " ".join(expected.words[:_MAX_WORDS].split())
    if not _key(expected) and not words:
        raise UsageError("It is not said what was expected.", "Name a document, or paste words of it.")
    if _key(expected):
        info = _find_document(engine, expected, groups, trail)
    else:
        info = _look_up(engine, words, groups, trail)
    trail.passed("pile", "in pile", {"name": info.name})
    document = engine.store.document(info.id, groups)
    # What is said of a file may name what else is in it.
    source = engine.store.source(info.uri.partition("#")[0]) if groups is None else None
    if source is not None and source.status == "partial":
        trail.note("file", "partial", {"message": source.message})
    spans = _find_spans(engine, document, expected.span, words, trail)
    passages = [one for one in engine.store.passages(info.id, groups) if _is_of(one, spans)]
    if not passages and (unread := _unread(document)):
        raise trail.lost("file", "no page", {"pages": unread})
    if not passages:
        raise trail.lost("text", "no passage")
    if not spans:
        trail.passed("text", "whole text", {"passages": len(passages)})
    return Target(info, tuple(passages), spans)


def _key(expected: Expected) -> str:
    """What was said of the document; no name and no path has a zero in it."""
    return expected.document.replace("\0", "").strip()


def _find_document(engine: Engine, expected: Expected, groups: Groups, trail: Trail) -> DocumentInfo:
    key = _key(expected)
    try:
        return engine.find_document(key, groups)
    except NotFoundError:
        if (named := _named_so(engine, key, groups)) is not None:
            return named
        # What failed is known by its file, which has no groups: only the owner may hear of it.
        if groups is None and (told := _failure(engine, key)) is not None:
            raise trail.lost("file", "failed", {"message": told}) from None
        if expected.local and not is_url(key) and absolute(key).exists():
            raise trail.lost("pile", "not added") from None
        raise trail.lost("pile", "missing") from None


def _named_so(engine: Engine, key: str, groups: Groups) -> DocumentInfo | None:
    """The one document whose name ends so, in whatever folder; None where there are several."""
    wanted = "/" + key.replace("\\", "/").strip("/").casefold()
    known = [one for one in engine.documents(groups=groups) if wanted in _endings(one)]
    return known[0] if len(known) == 1 else None


def _endings(info: DocumentInfo) -> set[str]:
    """A document's own name, and its file's, without folders."""
    file = urllib.parse.unquote(info.uri.rpartition("/")[2])
    return {"/" + one.casefold() for one in (info.name.rpartition("/")[2], file)}


def _failure(engine: Engine, key: str) -> str | None:
    """Why a file that was added has no document, if that is so."""
    ending = "/" + key.replace("\\", "/").lstrip("/")
    for source in engine.sources():
        if source.status == "failed" and (source.uri == key or f"/{_plain(source.uri)}".endswith(ending)):
            return source.message
    return None


def _plain(uri: str) -> str:
    return urllib.parse.unquote(uri.partition("://")[2] or uri)


def _look_up(engine: Engine, words: str, groups: Groups, trail: Trail) -> DocumentInfo:
    """The document that has words, or what is most like them."""
    found = [one for _, one in _likely(engine, words, groups)]
    known = list({info.id: info for _, info in found}.values())[:_LOOKED_AT]
    for info in known:
        if locate(engine.store.document(info.id, groups).text, words):
            return info
    alike = [(most_like(passage.text, words)[2], info) for passage, info in found]
    if not alike or max(alike, key=lambda one: one[0])[0] < _LIKE:
        raise trail.lost("text", "nowhere")
    return max(alike, key=lambda one: one[0])[1]


def _likely(engine: Engine, words: str, groups: Groups) -> list[tuple[int, tuple[Passage, DocumentInfo]]]:
    tokens = analyse_query(words, language_of(words))[:MAX_TOKENS]
    ids = [one.passage for one in engine.store.lexical(tokens, 4 * _LOOKED_AT, groups=groups)]
    found = engine.store.hits(ids, groups)
    return [(one, found[one]) for one in ids if one in found]


def _find_spans(
    engine: Engine, document: Document, span: Span | None, words: str, trail: Trail
) -> tuple[Span, ...]:
    if span is not None:
        start, end = max(0, span[0]), min(len(document.text), span[1])
        if start >= end:
            raise UsageError("There are no such characters in the document.", "Give start and end in it.")
        _note_page(document, start, trail)
        return ((start, end),)
    if not words:
        return ()
    if spans := locate(document.text, words):
        trail.passed("text", "in text")
        _note_page(document, spans[0][0], trail)
        return tuple(spans)
    return (_near_span(engine, document, words, trail),)


def _near_span(engine: Engine, document: Document, words: str, trail: Trail) -> Span:
    """What is nearly the words. Raises Lost where nothing is near enough."""
    tokens = set(analyse(words, language_of(words)))
    passages = engine.store.passages(document.id)
    passages.sort(key=lambda one: -len(tokens & set(analyse(one.text, one.language))))
    best, start, end = 0.0, 0, 0
    for one in passages[:_LOOKED_AT]:
        first, last, share = most_like(one.text, words)
        if share > best:
            best, start, end = share, one.start + first, one.start + last
    if best >= _NEARLY:
        trail.passed("text", "nearly", {"likeness": best})
        _note_page(document, start, trail)
        return start, end
    if unread := _unread(document):
        raise trail.lost("file", "no page", {"pages": unread})
    if best < _LIKE:
        raise trail.lost("text", "no words")
    figures: dict[str, Figure] = {"likeness": best, "near": _shorten(document.text[start:end])}
    page = _picture(document, start)
    if page is not None:
        raise trail.lost("text", "like page", {**figures, "page": page})
    raise trail.lost("text", "like", figures)


def _unread(document: Document) -> str:
    """The pages that could not be read."""
    return ", ".join(str(page.number) for page in document.pages if page.source == "unreadable")


def _note_page(document: Document, start: int, trail: Trail) -> None:
    if (page := _picture(document, start)) is not None:
        trail.note("text", "from picture", {"page": page})


def _picture(document: Document, start: int) -> int | None:
    """The page of a place, if it was read from a picture."""
    return next(
        (page.number for page in document.pages if page.start <= start < page.end and page.source == "ocr"),
        None,
    )


def _shorten(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…"


def _count_parts(passages: Sequence[Passage], span: Span) -> int:
    if any(one.start <= span[0] and span[1] <= one.end for one in passages):
        return 1
    return max(1, sum(_overlap((one.start, one.end), span) for one in passages))


def _is_of(passage: Passage, spans: Sequence[Span]) -> bool:
    return not spans or any(_overlap((passage.start, passage.end), span) for span in spans)


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
