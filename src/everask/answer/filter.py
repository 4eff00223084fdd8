"""The last gate before the reader: what a language model wrote passes here, in code, or is not shown.

Every sentence (`refuse`) and every piece of a draft that streams (`DraftGate`). No address or host that is
not in a cited quote, no markup, no forged citation, no orders to machines, no babble, no invisible
characters. It asks no model, so no document can talk it over (of nine published defences only such a filter
held against attackers that adapt: arXiv 2604.23887). Figures and meaning are check.py's; this is only what
can be said for certain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from everask.answer.orders import PLAIN, count_signs
from everask.types import Evidence

# Letters that show nothing, beside the categories Cc, Cf, Co and Cs: fillers of Hangul and Khmer, the
# selectors that can carry hidden bytes, the accent grave of nothing.
_UNSEEN = re.compile(
    "[\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef\U000e0000-\U000e007f\u034f]"
)
# Joiners are letters of these scripts: between two of their letters they stay.
_JOINED = re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\u0900-\u0dff\u0f00-\u0fff\u1000-\u109f]")
_JOINERS = "\u200c\u200d"
_SPACES = "\t\n\r\u2028\u2029\x85"

# What a browser, a mail program or a chat turns into a link: a scheme, www., a host, an IP address, an
# e-mail address. Stricter than needed, because a sentence that fails is only replaced by its quote.
_TOP = r"(?:[a-z]{2,18}|xn--[a-z0-9-]+|рф|укр|бел|中国|公司|网络|भारत|مصر|السعودية)"
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]{1,15}:(?://|\\\\)\S*|\b(?:javascript|data|vbscript|mailto|tel|file|blob):\S+|\bwww\.\S+"
    rf"|(?<![\w.@-])[\w+.-]+@[\w-]+(?:\.[\w-]+)*|(?<![\w.-])(?:[\w-]+[.｡])+{_TOP}(?![\w-])(?:[/:?#]\S*)?"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|//[\w-]+\.\S+|\[\s*(?:\.|dot)\s*\]|\\\\[\w.-]+\\",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"!\s?\[|\]\s?[(\[]|\[[^\]\n]*\]\s?:|\[\^|</?[a-z!?]|&(?:#\w+|[a-z]+\d*);|[`*_~]{2,}|`|\\[a-z]+\{|\{\{|\$\$"
    r"|^\s*(?:#{1,6}\s|>\s|\|)",
    re.IGNORECASE | re.MULTILINE,
)
_FORGED = re.compile(r"[\[【〔［]\s*\^?\d+(?:\s*[,，、-]\s*\d+)*\s*[\]】〕］]")
# The abbreviations that look like hosts ("e.g", "z.b", "p.ej") have labels of one letter.
_MIN_LABEL = 2
_MAX_HELD = 200
_MIN_BABBLE, _MAX_NEW_OF_BABBLE = 80, 0.35
# What may still become part of a word or an address: no space, no letter of a script without spaces.
_OPEN_END = re.compile(r"[^\s\u3000-\u9fff\uac00-\ud7af\u0e00-\u0e7f]*\Z")


def clean(text: str) -> str:
    """Text without control, zero-width, bidi, tag and other characters that nobody sees."""
    kept: list[str] = []
    for at, letter in enumerate(text):
        if letter in _SPACES:
            kept.append("\n" if letter == "\n" else " ")
        elif letter in _JOINERS:
            around = text[at - 1 : at] + text[at + 1 : at + 2]
            kept.append(letter if len(around) == 2 and all(map(_JOINED.match, around)) else "")
        elif not _UNSEEN.match(letter) and unicodedata.category(letter) not in ("Cc", "Cf", "Co", "Cs"):
            kept.append(letter)
    return "".join(kept)


def refuse(sentence: str, quotes: Sequence[Evidence]) -> str:
    """Why a sentence of a language model may not be shown beside the `quotes` it cites; "" if it may."""
    known = _known(quotes)
    for address in addresses(sentence):
        if _fold(address) not in known:
            return f"the address {address} is not in the quote"
    if clean(sentence) != sentence:
        return "it holds characters that cannot be seen"
    if _FORGED.search(sentence):
        return "it holds a citation that is not ours"
    markup = _MARKUP.search(sentence)
    if markup and _fold(markup.group().strip()) not in known:
        return "it holds markup"
    if _babbles(sentence):
        return "it says the same again and again"
    return "it gives orders to a machine" if count_signs(sentence) >= PLAIN else ""


def addresses(text: str) -> list[str]:
    """Everything in a text that a program might turn into a link, as it is written."""
    plain = unicodedata.normalize("NFKC", text)
    return [found.rstrip(".,;:!?)'\"»”。，") for found in _ADDRESS.findall(plain) if _is_address(found)]


class DraftGate:
    """Lets a draft's text through as it streams, whole words at a time; what may not be shown becomes "…".

    `quotes` are what the model read: an address may be shown if one of them holds it.
    """

    def __init__(self, quotes: Sequence[Evidence]) -> None:
        self._known = _known(quotes)
        self._held = ""

    def feed(self, text: str) -> str:
        """What may be shown now; the word that is not over yet waits for its end."""
        self._held += text
        match = _OPEN_END.search(self._held)
        cut = match.start() if match else len(self._held)
        # A word without an end is no word.
        ready, self._held = self._held[:cut], self._held[cut:][:_MAX_HELD]
        return self._pass(ready)

    def end(self) -> str:
        """The rest, when nothing more comes."""
        ready, self._held = self._held, ""
        return self._pass(ready)

    def _pass(self, text: str) -> str:
        text = clean(text)
        for address in addresses(text):
            if _fold(address) not in self._known:
                text = _cut(text, address)
        text = _FORGED.sub("", text)
        return _MARKUP.sub("", text)


def _cut(text: str, address: str) -> str:
    """The text with each word that holds the address replaced; letters may be written wide or narrow."""
    parts = re.split(r"(\s+)", text)
    folded = _fold(address)
    return "".join("…" if folded in _fold(part) else part for part in parts)


def _is_address(found: str) -> bool:
    """Whether it is more than an abbreviation with full stops, or a figure."""
    if re.search(r"[:@/\\\[]", found) or re.match(r"www\.|\d+(?:\.\d+){3}\b", found, re.IGNORECASE):
        return True
    labels = re.split(r"[.｡]", found)
    # "months.It" is a missing space, not a host.
    last = labels[-1]
    return min(map(len, labels)) >= _MIN_LABEL and last == last.lower() and not last.isdigit()


def _babbles(sentence: str) -> bool:
    """Whether few of its runs of three letters are new: all words of a babble may stand in the quote."""
    runs = {sentence[at : at + 3] for at in range(len(sentence) - 2)}
    return len(sentence) >= _MIN_BABBLE and len(runs) < _MAX_NEW_OF_BABBLE * len(sentence)


def _known(quotes: Sequence[Evidence]) -> str:
    return _fold(" ".join(f"{one.text} {one.context}" for one in quotes))


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", clean(text)).casefold()
