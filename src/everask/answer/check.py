"""Does a quote support a sentence? Decided in code: figures, units, names, negation, opposites, addresses.

Across languages words cannot be compared: there the cosine of the two texts stands in for them, and
figures, signs and addresses must still match. Being strict is cheap: a sentence that fails is replaced
by the quote itself. A learned checker, where there is one, turns what the rules find into a probability.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from everask.answer.figures import missing_numbers, wrong_figure
from everask.answer.names import wrong_name
from everask.answer.negation import denies
from everask.answer.support import SURE_ABOVE, blend_logit, support_text
from everask.answer.swapped import opposite_words
from everask.encoder.checker import Checker, Verdict
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
# Names of units that a quote may write as a sign.
_UNIT_SIGNS = {
    "kelvin": r"\bK\b",
    "celsius": "°C|℃",
    "fahrenheit": "°F|℉",
    "euro": "€",
    "euros": "€",
    "dollars": r"\$",
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
class Measured:
    """What is known of a sentence and quotes: what forbids it and what is in doubt ("" for nothing), what the
    rules give, 0..1 (`is_comparable`: they could compare), whether both are in one language, and what the
    checker says, None where it was not asked."""

    problem: str
    doubt: str
    rules: float
    is_same: bool
    is_comparable: bool
    verdict: Verdict | None


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

    Without a learned `checker`, what any rule finds wrong is 0. With one, the value is a calibrated
    probability: figures, units, dates and addresses that the quote lacks, and a verb in the place of its
    opposite, stay 0 whatever it says; a name or a denial, which may differ in form alone, makes it less.
    Whoever knows several sentences or quotes calls `support.prepare(checker, sentences, quotes)` first.
    """
    seen = measure(sentence, evidence, query, cosine, checker)
    if seen.problem or checker is None or seen.verdict is None:
        wrong = seen.problem or seen.doubt
        return Support(0.0, wrong) if wrong else Support(seen.rules)
    chance = seen.verdict.probability
    if seen.is_comparable:
        chance = blend_logit(
            seen.verdict.logit,
            seen.rules,
            same=seen.is_same,
            in_doubt=bool(seen.doubt),
            calibration=checker.calibration,
        )
    # Where the sentence as a whole is surely carried, a doubt of one word is noise.
    return Support(chance, seen.doubt, () if chance >= SURE_ABOVE else seen.verdict.weak_spans())


def measure(
    sentence: str,
    evidence: tuple[Evidence, ...],
    query: Query,
    cosine: Cosine,
    checker: Checker | None = None,
) -> Measured:
    """What the rules and the checker find, before anything is made of it."""
    quote = " ".join(one.text for one in evidence)
    context = " ".join(one.context for one in evidence)
    passages = " ".join(one.hit.passage.text for one in evidence)
    language = evidence[0].hit.passage.language
    problem = _find_problem(sentence, quote, context, passages, query, language)
    is_same, doubt = _same(query.language, language), ""
    if is_same:
        problem = problem or _opposite_problem(sentence, quote, language)
        doubt = _name_problem(sentence, f"{quote} {context}", query)
        doubt = doubt or _negation_problem(sentence, quote, language)
        rules = overlap(sentence, f"{quote} {context}", query.text, language, passages)
        is_comparable = True
    else:
        cosines = [cosine(sentence, one) for one in evidence]
        rules = max(map(across, cosines), default=0.0)
        is_comparable = any(one is not None for one in cosines)
    asked = checker.check([(sentence, support_text(evidence))]) if checker and not problem else []
    return Measured(problem, doubt, rules, is_same, is_comparable, next(iter(asked), None))


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


def _find_problem(sentence: str, quote: str, context: str, passages: str, query: Query, language: str) -> str:
    known = _fold(f"{quote} {context}")
    for address in _ADDRESS.findall(sentence):
        if _fold(address) not in known:
            return f"the address {address} is not in the quote"
    languages = (query.language, language)
    wrong = wrong_figure(sentence, f"{quote} {context}", languages)
    # A figure of the question may be repeated if the passage around the quote has it, too.
    if wrong and not missing_numbers(wrong, query.text, query.language):
        wrong = wrong_figure(sentence, f"{quote} {context} {passages}", languages)
    return f"the figure {wrong} is not in the quote" if wrong else ""


def _name_problem(sentence: str, quote: str, query: Query) -> str:
    name = wrong_name(sentence, quote, query.text, query.language)
    return f"the name {name} is not in the quote" if name else ""


def _negation_problem(sentence: str, quote: str, language: str) -> str:
    return "one of sentence and quote is negated" if denies(sentence, quote, language) else ""


def _opposite_problem(sentence: str, quote: str, language: str) -> str:
    found = opposite_words(sentence, quote, language)
    return f"the quote has “{found[1]}” where the sentence has “{found[0]}”" if found else ""


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
