"""Sentences with a verb in the place of its opposite, made of real manuals, and right ones beside them.

A sentence of a manual with a verb of exchanged_verbs.json is the quote. "swapped": the question asks for the
opposite, and the draft is the quote with that. "same": with a verb that means the same. "form": with another
form of its own verb. "it": the quote says "it" where question and draft have the name. Only the first is
wrong. Texts: the help of LibreOffice (MPL-2.0) and GNOME (CC BY-SA 3.0) as Debian packages them, fetched
once; for Arabic, which neither has, articles of XQuAD (CC BY-SA 4.0).
"""

from __future__ import annotations

import functools
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from everask.text import analyse, sentences, words
from everask.text.telling import weigh

sys.path.insert(0, str(Path(__file__).parents[1] / "dev"))

from debian_packages import unpack

_VERBS = json.loads(Path(__file__).with_name("exchanged_verbs.json").read_text("utf-8"))
ASKED: Mapping[str, str] = _VERBS["asked"]
HELP = {
    "en": "en-us", "de": "de", "fr": "fr", "es": "es", "it": "it", "pt": "pt-br", "nl": "nl", "ru": "ru",
    "pl": "pl", "tr": "tr", "vi": "vi", "hi": "hi", "ja": "ja", "zh": "zh-cn", "ko": "ko",
}  # fmt: skip
GNOME = {
    "en": "C", "de": "de", "fr": "fr", "es": "es", "it": "it", "pt": "pt_BR", "nl": "nl", "ru": "ru",
    "pl": "pl", "tr": "tr", "vi": "vi", "ja": "ja", "zh": "zh_CN", "ko": "ko", "fa": "fa",
}  # fmt: skip
GNOME_PACKAGE = "gnome-user-docs"
UNSPACED = ("zh", "ja")
IT: Mapping[str, str] = {
    "en": "it", "de": "es", "fr": "cela", "es": "esto", "it": "questo", "pt": "isso", "nl": "dit",
    "ru": "это", "pl": "to", "tr": "bu", "vi": "nó", "hi": "यह", "ja": "これ", "zh": "它",
    "ko": "이것", "fa": "این", "ar": "هذا",
}  # fmt: skip
_LEAST, _MOST = {True: 12, False: 40}, {True: 90, False: 220}
_HINDI = re.compile(r"[\u0900-\u097f]")


@dataclass(frozen=True, slots=True)
class Swap:
    """A question, a draft and its quote, all in `language`; `kind` is one of the four above. `page` is the
    same in all languages and says whose half it is; `pair` are the quote's verb and the draft's."""

    kind: str
    language: str
    page: str
    heading: str
    question: str
    draft: str
    quote: str
    passage: str
    pair: tuple[str, str]


Paragraph = tuple[str, str, str]
"""Page, heading, text."""


def fetch(folder: Path) -> None:
    """Download and unpack the packages that are not in `folder` yet; nothing is installed."""
    for name in [GNOME_PACKAGE, *(f"libreoffice-help-{one}" for one in HELP.values())]:
        unpack(name, folder)


def read_articles(data: Path, language: str) -> Iterator[Paragraph]:
    """Paragraphs of XQuAD, five an article, in its order."""
    file = data / "p02_xquad" / f"xquad.{language}.contexts.jsonl"
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield str(row["cid"] // 5), "", row["context"]


def read_pages(folder: Path, language: str) -> Iterator[Paragraph]:
    """Paragraphs of the language's manuals that lie unpacked in `folder`; a page has one name in all."""
    if language in HELP:
        package = folder / f"libreoffice-help-{HELP[language]}"
        for path in sorted(package.glob("usr/share/libreoffice/help/*/text/**/*.html")):
            yield from _read_help(path, f"libreoffice/{'/'.join(path.parts[-3:])}")
    if language in GNOME:
        pages = folder / GNOME_PACKAGE / "usr/share/help" / GNOME[language] / "gnome-help"
        for path in sorted(pages.glob("*.page")):
            yield from _read_mallard(path, f"gnome/{path.name}")


def _read_help(path: Path, page: str) -> Iterator[Paragraph]:
    heading, seen = "", set[str]()
    for node in LexborHTMLParser(path.read_bytes()).css("h1, h2, h3, p, li"):
        text = " ".join(node.text(separator=" ").split())
        if (node.tag or "").startswith("h"):
            heading = text
        elif text and text not in seen:
            seen.add(text)
            yield page, heading, text


def _read_mallard(path: Path, page: str) -> Iterator[Paragraph]:
    space, heading = "{http://projectmallard.org/1.0/}", ""
    root = etree.parse(str(path), etree.XMLParser(resolve_entities=False, recover=True)).getroot()
    for node in root.iter(f"{space}title", f"{space}p"):
        text = " ".join("".join(node.itertext()).split())
        if node.tag == f"{space}title":
            heading = text
        elif text:
            yield page, heading, text


def make_swaps(paragraphs: Iterator[Paragraph], language: str, count: int, seed: int = 3) -> list[Swap]:
    """At most `count` cases of each kind, drawn over pairs of verbs so that none prevails."""
    by_pair: dict[tuple[str, str, str], list[Swap]] = {}
    seen: set[str] = set()
    for page, heading, text in paragraphs:
        for start, end in sentences(text, language):
            said = text[start:end].strip()
            if said in seen or not _LEAST[language in UNSPACED] <= len(said) <= _MOST[language in UNSPACED]:
                continue
            if language == "hi" and len(_HINDI.findall(said)) < 0.6 * len(said):
                continue
            seen.add(said)
            for one in _swaps_of(said, language, (page, heading, text)):
                by_pair.setdefault((one.kind, *one.pair), []).append(one)
    draw = random.Random(seed)
    kept: list[Swap] = []
    for kind in ("swapped", "same", "form", "it"):
        some = [draw.sample(found, len(found)) for key, found in sorted(by_pair.items()) if key[0] == kind]
        turns = [row[at] for at in range(max(map(len, some), default=0)) for row in some if at < len(row)]
        kept += turns[:count]
    return kept


@functools.cache
def _pairs(language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Of each two verbs their forms, one for the other; both ways round, the question's form first."""
    pairs: list[tuple[str, list[tuple[str, str]]]] = []
    for kind, table in (("swapped", "opposites"), ("same", "same")):
        for line in _VERBS[table].get(language, ()):
            one, other = ([form.replace("_", " ") for form in half.split()] for half in line.split("|"))
            pairs += [(kind, list(zip(one, other, strict=True))), (kind, list(zip(other, one, strict=True)))]
    return pairs


def _swaps_of(said: str, language: str, source: Paragraph) -> Iterator[Swap]:
    page, heading, text = source
    folded = said.casefold()

    def make(kind: str, question: str, draft: str, quote: str) -> Swap:
        return Swap(kind, language, page, heading, question, draft, quote, text, names)

    for kind, pair in _pairs(language):
        if not any(old.casefold() in folded for old, _ in pair):
            continue
        old, new = next(((old, new) for old, new in pair if _find(said, old, language)), ("", ""))
        if not old or any(_find(said, one, language) for _, one in pair):
            continue  # it has none of them, or speaks of both
        own, names = pair[0][0], pair[0]
        about = _about(said, [one for one, _ in pair], language)
        yield make(kind, _ask(pair[0][1], about, language), _put(said, old, new, language), said)
        asked = _ask(own, about, language)
        if kind == "swapped" and old != own:
            yield make("form", asked, _put(said, old, own, language), said)
        if kind == "swapped" and about:
            yield make("it", asked, said, _put(said, about[0], IT[language], language))


def _about(said: str, verbs: list[str], language: str) -> list[str]:
    """The three words that tell most, in their order."""
    found = [said[start:end] for start, end in words(said, language)]
    known = " ".join(verbs).casefold()
    weights = {one: max(weigh(analyse(one, language)).values(), default=0.0) for one in found}
    telling = [one for one in dict.fromkeys(found) if weights[one] > 0.7 and len(one) > 1]
    return [one for one in telling if one.casefold() not in known][:3]


def _ask(verb: str, about: list[str], language: str) -> str:
    space = "" if language in UNSPACED else " "
    return ASKED[language].format(f"{verb}{space}{space.join(about)}")


@functools.cache
def _pattern(form: str, language: str) -> re.Pattern[str]:
    plain = re.escape(form)
    if language == "ko":
        plain = rf"(?<!\w){plain}"
    elif language not in UNSPACED:
        plain = rf"(?<!\w){plain}(?![\w\u0900-\u097f-])"
    return re.compile(plain, re.IGNORECASE)


def _find(said: str, form: str, language: str) -> bool:
    return bool(_pattern(form, language).search(said))


def _put(said: str, old: str, new: str, language: str) -> str:
    def replacing(match: re.Match[str]) -> str:
        return new[:1].upper() + new[1:] if match.group()[:1].isupper() else new

    return _pattern(old, language).sub(replacing, said)
