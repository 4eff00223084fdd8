"""Does a quote support a sentence? Decided in code: figures, units, names, negation, words, addresses.

Across languages words cannot be compared: there the cosine of the two texts stands in for them, and
figures, signs and addresses must still match. Being strict is cheap: a sentence that fails is replaced
by the quote itself. A learned checker will take the place of the word overlap.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from everask.answer.numbers import missing_numbers, missing_units, month_of, numbers
from everask.answer.support import support_text
from everask.encoder.checker import Checker
from everask.text import analyse, words
from everask.text.telling import weigh
from everask.types import Evidence, Query

# cosine of (sentence, quote text) in two languages, or None when there is no encoder.
Cosine = Callable[[str, Evidence], float | None]

_ADDRESS = re.compile(
    r"(?:https?|ftp)://[^\s)>\]]+|\b(?:[\w-]+\.)+(?:com|org|net|io|gov|edu|info|biz|app|dev|xyz|ru|cn|de|fr|uk|jp|in"
    r"|it|nl|eu|ch|at|es|pl|br|tr|me|co|ai)\b(?:/[^\s)>\]]*)?|[\w.+-]+@[\w-]+\.\w+",
    re.IGNORECASE,
)
# What an unsupported word costs when it repeats the question.
_ECHO_NEAR, _ECHO_FAR = 0.25, 0.8
_CAPITALISED = re.compile(r"\b[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁІЇЄҐ][\w’'-]*")
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ][\w’'-]+")
_UNSPACED = ("zh", "ja", "th", "ko", "ar", "hi", "fa", "he", "ur", "bn", "ta", "te")
# "no more than" says how much, and denies nothing.
_AT_MOST = re.compile(
    r"\bno (?:more|less|fewer|later|earlier|longer) than\b|\bnicht (?:mehr|weniger) als\b|不超过|不少于"
)
# Names of units that a quote may write as a sign.
_UNIT_SIGNS = {
    "kelvin": r"\bK\b",
    "celsius": "°C|℃",
    "fahrenheit": "°F|℉",
    "euro": "€",
    "euros": "€",
    "dollars": r"\$",
}
_NEGATIONS = {
    "en": r"\b(?:not|no|never|none|neither|nor|without|cannot|nobody|nothing)\b|n['’]t\b",
    "de": r"\b(?:nicht|kein\w*|nie|niemals|ohne|weder|niemand|nichts)\b",
    "fr": r"\b(?:ne|n['’]\w+|pas|jamais|sans|aucune?|ni|rien)\b",
    "es": r"\b(?:no|nunca|sin|ningún|ninguna?|ni|nadie|nada|jamás)\b",
    "it": r"\b(?:non|mai|senza|nessun[oa]?|né|niente|nulla)\b",
    "pt": r"\b(?:não|nunca|sem|nenhuma?|nem|ninguém|nada)\b",
    "nl": r"\b(?:niet|geen|nooit|zonder|noch|niemand|niets)\b",
    "pl": r"\b(?:nie|nigdy|bez|żaden|żadn\w+|ani|nikt|nic)\b",
    "ro": r"\b(?:nu|n-\w+|niciodată|fără|nicio?|niciun|nici|nimeni|nimic)\b",
    "ru": r"\b(?:не|нет|никогда|без|ни|никто|ничего|нельзя)\b",
    "uk": r"\b(?:не|немає|ніколи|без|ні|ніхто|нічого|не можна)\b",
    "el": r"\b(?:δεν|μην?|όχι|ποτέ|χωρίς|ούτε|κανένα\w*|καμία|τίποτα)\b",
    "tr": r"\b(?:değil\w*|yok\w*|hiç\w*|asla|ne)\b|\w+m[ae](?:z|dı|di|mış|miş)\w*\b",
    "vi": r"\b(?:không|chưa|chẳng|đừng)\b",
    "ar": r"(?:^|\s)(?:لا|لم|لن|ليس\w*|ما|غير|بدون|دون)(?=\s)",
    "hi": r"(?:^|\s)(?:नहीं|न|ना|मत|बिना|बगैर)(?=\s|$)",
    "th": r"ไม่|มิได้|ปราศจาก",
    "zh": r"不|没|沒|无|無|非|未|否|勿",
    "ja": r"ない|なかっ|ません|ず[、。にと]|ぬ[。]|無し|不",
    "ko": r"않|없|아니|못",
}


@dataclass(frozen=True, slots=True)
class Support:
    """How well a quote supports a sentence, 0..1, and what speaks against it ("" when nothing does).

    `weak` are the sentence's characters, start and end, that the quote carries least; empty when sure.
    """

    value: float
    problem: str = ""
    weak: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a draft: its text, and the numbers of the quotes that the model named."""

    text: str
    cited: tuple[int, ...] = ()


def check(
    sentence: str,
    evidence: tuple[Evidence, ...],
    query: Query,
    cosine: Cosine,
    checker: Checker | None = None,
) -> Support:
    """Whether the quotes of `evidence`, together, support `sentence`.

    With a learned `checker`, the value is a calibrated probability; what the rules forbid stays 0. Whoever
    knows several sentences or quotes calls `support.prepare(checker, sentences, quotes)` first.
    """
    quote = " ".join(one.text for one in evidence)
    context = " ".join(one.context for one in evidence)
    passages = " ".join(one.hit.passage.text for one in evidence)
    problem = _find_problem(sentence, quote, context, passages, query)
    language = evidence[0].hit.passage.language
    if _same(query.language, language):
        problem = problem or _name_problem(sentence, f"{quote} {context}", query)
        problem = problem or _negation_problem(sentence, quote, language)
        value = overlap(sentence, f"{quote} {context}", query.text, language, passages)
    else:
        value = max((across(cosine(sentence, one)) for one in evidence), default=0.0)
    if problem or checker is None:
        return Support(0.0 if problem else value, problem)
    verdict = checker.check([(sentence, support_text(evidence))])[0]
    return Support(verdict.probability, "", verdict.weak_spans())


def overlap(sentence: str, quote: str, question: str, language: str, around: str = "") -> float:
    """The share, by weight, of the sentence's words that stand in the quote.

    A word that only repeats the question costs little if the passage around the quote has it, too ("it"
    in the quote may stand for it), and much if not: then the quote may be about something else.
    """
    known = set(analyse(quote, language))
    asked = set(analyse(question, language))
    near = set(analyse(around, language))
    stems = {token[:length] for token in known for length in range(4, len(token) + 1)}
    stems |= {name for name, sign in _UNIT_SIGNS.items() if re.search(sign, quote)}
    supported = foreign = echoed = 0.0
    for tokens in _word_tokens(sentence, language):
        weight = max(weigh(tokens).values()) + 0.02
        share = _share(tokens, known, stems)
        supported += weight * share
        if share < 1:
            if tokens & asked:
                echoed += weight * (1 - share) * (_ECHO_NEAR if tokens & near else _ECHO_FAR)
            else:
                foreign += weight * (1 - share)
    if supported == 0:
        return 0.0
    return supported / (supported + foreign + echoed)


def across(cosine: float | None) -> float:
    """Support from a centred cosine between a sentence and a quote in another language."""
    if cosine is None:
        return 0.0
    return min(1.0, max(0.0, (cosine - 0.2) / 0.5))


def _find_problem(sentence: str, quote: str, context: str, passages: str, query: Query) -> str:
    known = _fold(f"{quote} {context}")
    for address in _ADDRESS.findall(sentence):
        if _fold(address) not in known:
            return f"the address {address} is not in the quote"
    # A figure of the question may be repeated if the passage around the quote has it, too.
    echoed = set(missing_numbers(sentence, query.text))
    missing = missing_numbers(sentence, f"{quote} {context}")
    missing = [one for one in missing if one in echoed or one in missing_numbers(sentence, passages)]
    if missing:
        return f"the figure {missing[0]} is not in the quote"
    units = missing_units(sentence, f"{quote} {context}")
    return f"the sign {units[0]} is not in the quote" if units else ""


def _name_problem(sentence: str, quote: str, query: Query) -> str:
    known = _fold(f"{quote} {query.text}")
    figures = frozenset[Decimal | None]().union(*numbers(quote))
    if query.language in _UNSPACED:
        names = _LATIN_WORD.findall(sentence)
    elif query.language == "de":  # every noun is capitalised: words are compared instead
        names = []
    else:
        names = _CAPITALISED.findall(sentence)[bool(_CAPITALISED.match(sentence)) :]
    for name in names:
        folded = _fold(name)
        if month_of(name) in figures or re.search(_UNIT_SIGNS.get(folded, "(?!)"), quote):
            continue
        if folded[: max(3, _stem_length(folded))] not in known:
            return f"the name {name} is not in the quote"
    return ""


def _negation_problem(sentence: str, quote: str, language: str) -> str:
    pattern = _NEGATIONS.get(language)
    if pattern is None:
        return ""
    said, quoted = (bool(re.search(pattern, _AT_MOST.sub(" ", one.casefold()))) for one in (sentence, quote))
    # In a quote that is much longer than the sentence, "not" may well belong to another part of it.
    unlike = (said and not quoted) or (quoted and not said and len(quote) < 2 * len(sentence))
    return "one of sentence and quote is negated" if unlike else ""


def _word_tokens(text: str, language: str) -> Iterator[set[str]]:
    for start, end in words(text, language):
        tokens = set(analyse(text[start:end], language))
        if tokens:
            yield tokens


def _share(tokens: set[str], known: set[str], stems: set[str]) -> float:
    if tokens & known:
        cjk = any("\u3040" <= token[0] <= "\u9fff" for token in tokens)
        return len(tokens & known) / len(tokens) if cjk else 1.0
    near = any(len(token) > 4 and {token, token[: _stem_length(token)]} & stems for token in tokens)
    return 0.8 if near else 0.0


def _stem_length(token: str) -> int:
    return max(4, (len(token) * 7 + 9) // 10)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _same(left: str, right: str) -> bool:
    return left == right or "und" in (left, right)
