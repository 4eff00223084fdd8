"""Writes src/everask/answer/number_words.json: numbers written as words, by language, from ICU's own rules.

    python dev/make_number_words.py

Needs PyICU (Debian's python3-icu), which Everask itself does not. Only single words are kept: "twenty" and
"five", "fünfundzwanzig"; what they make together is read by everask.answer.spelled. Cardinals from 2, for
"one" is an article in many languages; ordinals from 1. The data are ICU's (Unicode-3.0).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import icu  # type: ignore[import-not-found]

TARGET = Path(__file__).parents[1] / "src" / "everask" / "answer" / "number_words.json"
LANGUAGES = [
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "ro",
    "ru",
    "uk",
    "tr",
    "el",
    "vi",
    "ar",
    "hi",
    "th",
    "sv",
    "da",
    "no",
    "fi",
    "cs",
    "hu",
    "id",
    "fa",
    "he",
    "bg",
    "ca",
    "hr",
    "sr",
    "sk",
    "sl",
    "et",
    "lt",
    "lv",
    "ms",
    "ta",
    "sw",
]
CARDINALS = (*range(2, 100), *range(100, 1000, 100), 1000)
ORDINALS = (*range(1, 32), 40, 50, 60, 70, 80, 90, 100)
# Of a language with a form for every case only the small numbers are kept.
MANY_FORMS, FEW = 24, 19
# Parts that never stand alone, by hand.
PARTS: dict[str, dict[str, float]] = {
    "fr": {"vingts": 20, "cents": 100}, "vi": {"mươi": 10, "lăm": 5, "tư": 4},
    "id": {"puluh": 10, "ratus": 100},
    "ms": {"puluh": 10, "ratus": 100}, "th": {"ยี่": 2, "พัน": 1000, "ร้อย": 100},
    "pl": {"dwie": 2, "dwóch": 2, "trzech": 3, "czterech": 4, "pięciu": 5, "sześciu": 6},
    "ru": {"две": 2, "двух": 2, "трёх": 3, "трех": 3, "четырёх": 4, "четырех": 4, "пяти": 5, "шести": 6,
           "семи": 7, "восьми": 8, "девяти": 9, "десяти": 10, "двадцати": 20, "тридцати": 30, "ста": 100},
    "uk": {"дві": 2, "двох": 2, "трьох": 3, "чотирьох": 4, "п’ять": 5, "п'ять": 5, "п’яти": 5, "шести": 6},
    "ar": {"عامان": 2, "عامين": 2, "سنتان": 2, "سنتين": 2, "شهران": 2, "شهرين": 2, "يومان": 2, "يومين": 2,
           "ثلاث": 3, "أربع": 4, "خمس": 5, "ست": 6, "سبع": 7, "ثماني": 8, "تسع": 9, "عشر": 10,
           "اثنين": 2},
    "el": {"τρεις": 3, "τέσσερις": 4, "τριών": 3, "τεσσάρων": 4}, "ro": {"doi": 2, "două": 2},
    "pt": {"dois": 2, "duas": 2}, "nl": {"tweede": 2, "eerste": 1},
    "de": {"zwo": 2, "zweier": 2, "dreier": 3},
    "hi": {"छः": 6, "छह": 6, "पांच": 5, "डेढ़": 1.5, "ढाई": 2.5},
}  # fmt: skip
# Multiples and fractions as words.
MULTIPLES: dict[str, dict[str, float]] = {
    "en": {"half": 0.5, "twice": 2, "double": 2, "doubled": 2, "triple": 3, "tripled": 3, "thrice": 3,
           "dozen": 12, "quarter": 0.25, "hundreds": 100, "thousands": 1000},
    "de": {"halb": 0.5, "halbe": 0.5, "hälfte": 0.5, "doppelt": 2, "dreifach": 3, "dutzend": 12,
           "viertel": 0.25, "zweimal": 2, "dreimal": 3, "anderthalb": 1.5, "eineinhalb": 1.5},
    "fr": {"demi": 0.5, "demie": 0.5, "moitié": 0.5, "double": 2, "triple": 3, "douzaine": 12, "quart": 0.25},
    "es": {"medio": 0.5, "media": 0.5, "mitad": 0.5, "doble": 2, "triple": 3, "docena": 12},
    "it": {"mezzo": 0.5, "mezza": 0.5, "metà": 0.5, "doppio": 2, "triplo": 3, "dozzina": 12},
    "pt": {"metade": 0.5, "dobro": 2, "triplo": 3, "dúzia": 12},
    "nl": {"half": 0.5, "helft": 0.5, "dubbel": 2, "drievoudig": 3, "dozijn": 12},
    "ru": {"половина": 0.5, "полтора": 1.5, "вдвое": 2, "втрое": 3, "дважды": 2, "трижды": 3, "дюжина": 12},
}  # fmt: skip


def main() -> None:
    table = {language: dict(sorted(read(language))) for language in LANGUAGES}
    TARGET.write_text(json.dumps(table, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")
    print(sum(len(one) for one in table.values()), "words", TARGET.stat().st_size, "bytes")


def read(language: str) -> Iterator[tuple[str, float]]:
    """The words of a language with their values; a word of two values keeps the smaller."""
    rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(language))
    names = [rules.getRuleSetName(at) for at in range(rules.getNumberOfRuleSetNames())]
    found: dict[str, float] = {}
    for name in names:
        ordinal = "ordinal" in name
        if "cardinal" not in name and not ordinal:
            continue
        rules.setDefaultRuleSet(name)
        for value in (ORDINALS if ordinal else CARDINALS)[: FEW if len(names) > MANY_FORMS else None]:
            word = plain(rules.format(value))
            if len(word) > 1 and all(unicodedata.category(one)[0] in "LM" or one in "'’" for one in word):
                found.setdefault(word, value)
    for more in (PARTS, MULTIPLES):
        found.update(more.get(language, {}))
    yield from found.items()


def plain(text: str) -> str:
    """A word as it is compared: folded, without soft hyphens and invisible spaces."""
    text = re.sub("[\u00ad\u200b]", "", text).replace("ʼ", "’")
    return unicodedata.normalize("NFKC", text).casefold().strip()


if __name__ == "__main__":
    main()
