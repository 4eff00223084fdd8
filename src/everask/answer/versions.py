"""Versions of one document: "manual v2", "manual (copy)", "prices 2023" and "prices 2024".

What a name says of a version or date decides which is newer; where names say nothing, the time of the last
change does, for documents of one name or with nearly the same passage. Evidence of an older version gives way
to that of a newer one that says as much, or says otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from everask.text import analyse
from everask.types import DocumentInfo, Evidence

_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_. ]?(0[1-9]|1[0-2])?[-_. ]?(0[1-9]|[12]\d|3[01])?(?!\d)")
_VERSION = re.compile(
    r"(?:(?<![^\W_])(?:version|ver|v|rev|revision|release|r|edition|ed|ausgabe|fassung|вер(?:сия)?|версія|版本|版|改訂|นับ)"
    r"[ ._-]?)(\d+(?:[._]\d+)*)|第?(\d+)[版次稿]",
    re.IGNORECASE,
)
_OLD_WORDS = "old|alt|ancien|viejo|старый|旧|구|draft|entwurf|archive|obsolete"
_NEW_WORDS = "new|neu|latest|current|aktuell|updated|nouveau|nuevo|новый|新|最新|final|最終|최종"
_COPY_WORDS = (
    "copy(?: of)?|kopie(?: von)?|copie(?: de)?|copia(?: di| de)?|cópia(?: de)?|kopia|копия|копія|kopya"
    "|副本|コピー|사본|نسخة"
)


def _alone(alternatives: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{alternatives})(?![^\W_])", re.IGNORECASE)


_OLD, _NEW = _alone(_OLD_WORDS), _alone(_NEW_WORDS)
_MARKS = re.compile(rf"{_alone(f'{_OLD_WORDS}|{_NEW_WORDS}|{_COPY_WORDS}').pattern}|\(\d+\)", re.IGNORECASE)
# Passages that share this much are nearly the same text.
_NEAR_COPY = 0.75
_FEWEST_TOKENS = 8
_A_MINUTE = 60.0
# An older sentence gives way to a newer one that is not much less likely to answer.
_COMPARABLE = 0.25


@dataclass(frozen=True, slots=True)
class Replaced:
    """Evidence of an older version, and that of the newer one which took its place."""

    newer: Evidence
    older: Evidence


def prefer_newer(evidence: Sequence[Evidence]) -> tuple[list[Evidence], list[Replaced]]:
    """The evidence without what a newer version of the same document says anew, likeliest first.

    The newer takes over the probability of the older, so that the chance of an answer stays as it was.
    """
    kept = list(evidence)
    replaced: list[Replaced] = []
    for older in evidence:
        newer = next((one for one in kept if _gives_way(older, one)), None)
        if newer is None or older not in kept:
            continue
        kept.remove(older)
        at = kept.index(newer)
        kept[at] = replace(newer, probability=min(1.0, newer.probability + older.probability))
        replaced = [replace(one, newer=kept[at]) if one.newer == newer else one for one in replaced]
        replaced.append(Replaced(kept[at], older))
    return sorted(kept, key=lambda one: -one.probability), replaced


def _gives_way(older: Evidence, newer: Evidence) -> bool:
    if (
        newer.hit.document.id == older.hit.document.id
        or newer.hit.passage.language != older.hit.passage.language
    ):
        return False
    if newer.probability < _COMPARABLE * older.probability or not is_newer(newer, older):
        return False
    return _shared(_tokens(newer.text, newer), _tokens(older.text, older)) >= 0.5


def is_newer(one: Evidence, other: Evidence) -> bool:
    """Whether the document of `one` is a newer version of that of `other`."""
    left, right = one.hit.document, other.hit.document
    named = stem(left) == stem(right) and bool(stem(left))
    if not named and not _near_copies(one, other):
        return False
    for order in (_dated(left), _dated(right)), (_version(left), _version(right)):
        if order[0] is not None and order[1] is not None and order[0] != order[1]:
            return order[0] > order[1]
    word_left, word_right = _by_word(left), _by_word(right)
    if word_left != word_right:
        return word_left > word_right
    if bool(_version(left)) != bool(_version(right)) and named:
        return _version(left) is not None  # "manual" and "manual v2"
    return left.modified > right.modified + _A_MINUTE


def label(document: DocumentInfo, other: DocumentInfo) -> str:
    """What a document is called beside another: its title, or its name where titles are the same."""
    title = document.title.strip()
    return title if title and title != other.title.strip() else document.name


def stem(document: DocumentInfo) -> str:
    """The name without versions, dates and marks of copies; its folder without years."""
    plain = unicodedata.normalize("NFKC", document.name).casefold()
    for pattern in (_VERSION, _DATE, _MARKS):
        plain = pattern.sub(" ", plain.replace("_", " "))
    return " ".join(re.findall(r"[^\W_]+|/", plain))


def _dated(document: DocumentInfo) -> tuple[int, int, int] | None:
    for text in (document.name, document.title):
        match = _DATE.search(_VERSION.sub(" ", text))
        if match:
            return int(match[1]), int(match[2] or 0), int(match[3] or 0)
    return None


def _version(document: DocumentInfo) -> tuple[int, ...] | None:
    for text in (document.name, document.title):
        match = _VERSION.search(unicodedata.normalize("NFKC", text))
        if match and not _DATE.fullmatch(match[1] or match[2]):
            return tuple(int(one) for one in re.split(r"[._]", match[1] or match[2]))
    return None


def _by_word(document: DocumentInfo) -> int:
    name = unicodedata.normalize("NFKC", document.name).replace("_", " ")
    return bool(_NEW.search(name)) - bool(_OLD.search(name))


def _near_copies(one: Evidence, other: Evidence) -> bool:
    left, right = _tokens(one.hit.passage.text, one), _tokens(other.hit.passage.text, other)
    return min(len(left), len(right)) >= _FEWEST_TOKENS and _shared(left, right) >= _NEAR_COPY


def _tokens(text: str, evidence: Evidence) -> set[str]:
    found = analyse(text, evidence.hit.passage.language)
    return {token for token in found if not any(one.isdigit() for one in token)}


def _shared(left: set[str], right: set[str]) -> float:
    return len(left & right) / max(1, len(left | right))
