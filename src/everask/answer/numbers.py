"""Numbers and their units in any script, so that a sentence's figures can be looked up in a quote.

"1,234.5", "1.234,5", "١٢٣٤٫٥", "12万" and "twelve" are read; where a text is ambiguous ("1,234" may be
a decimal), each reading counts, because only equality with the quote matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

Readings = frozenset[Decimal]

_NUMBER = re.compile(r"\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?![\d])(?:[.,٫]\d+)?|\d+(?:[.,٫٬]\d+)*")
_CJK_NUMBER = re.compile(r"[〇零一二两兩三四五六七八九十百千万萬亿億]+")
_CJK_DIGITS = {one: at for at, one in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_CJK_TENS = {"十": 10, "百": 100, "千": 1000}
_CJK_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_MULTIPLIERS: Mapping[str, int] = {
    **_CJK_MYRIADS,
    "千": 1000,
    "만": 10**4,
    "억": 10**8,
    "thousand": 1000,
    "tausend": 1000,
    "тыс": 1000,
    "mille": 1000,
    "mil": 1000,
    "million": 10**6,
    "millón": 10**6,
    "millones": 10**6,
    "milhões": 10**6,
    "milion": 10**6,
    "milyon": 10**6,
    "mio": 10**6,
    "миллион": 10**6,
    "млн": 10**6,
    "مليون": 10**6,
    "εκατομμύρι": 10**6,
    "ล้าน": 10**6,
    "triệu": 10**6,
    "lakh": 10**5,
    "लाख": 10**5,
    "crore": 10**7,
    "करोड़": 10**7,
    "billion": 10**9,
    "milliard": 10**9,
    "миллиард": 10**9,
    "млрд": 10**9,
    "مليار": 10**9,
    "tỷ": 10**9,
}
_AFTER = re.compile(r"\s?([^\W\d_]+)")
# From two to twelve; "one" is left out, for in most languages it is an article as well.
_SPELLED: tuple[str, ...] = (
    "two three four five six seven eight nine ten eleven twelve",
    "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    "deux trois quatre cinq six sept huit neuf dix onze douze",
    "dos tres cuatro cinco seis siete ocho nueve diez once doce",
    "due tre quattro cinque sei sette otto nove dieci undici dodici",
    "dois três quatro cinco seis sete oito nove dez onze doze",
    "twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "două trei patru cinci șase șapte opt nouă zece unsprezece doisprezece",
    "два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать",
    "δύο τρεις τέσσερις πέντε έξι επτά οκτώ εννέα δέκα έντεκα δώδεκα",
    "iki üç dört beş altı yedi sekiz dokuz on onbir oniki",
    "hai ba bốn năm sáu bảy tám chín mười",
    "اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
    "दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह",
    "สอง สาม สี่ ห้า หก เจ็ด แปด เก้า สิบ",
)
# Spelled numbers that are also common words of their own or another language.
_AMBIGUOUS = frozenset(
    {"on", "once", "sei", "năm", "ba", "hai", "dos", "due", "acht", "sept", "opt", "दो", "six", "elf"}
)
_SPELLED_VALUES: Mapping[str, Decimal] = {
    word: Decimal(at) for line in _SPELLED for at, word in enumerate(line.split(), start=2)
}
# Beginnings of the months' names, for quotes: "3 October" supports 10月3日.
_MONTHS = tuple(
    re.compile(rf"(?<!\w)(?:{names})", re.IGNORECASE)
    for names in (
        "januar|janvier|enero|gennaio|janeiro|ianuarie|январ|січ|ιανου|ocak|styczn|يناير|जनवरी|มกราคม",
        "februar|février|febrero|febbraio|fevereiro|februarie|феврал|лют|φεβρου|şubat|lut|فبراير|फ़?फरवरी|กุมภา",
        "march|märz|mars|marzo|março|martie|maart|март|берез|μαρτ|mart|marzec|marca|مارس|मार्च|มีนาคม",
        "april|avril|abril|aprile|aprilie|апрел|квіт|απριλ|nisan|kwie|أبريل|अप्रैल|เมษายน",
        "may|mai|mayo|maggio|maio|mei|мая|май|трав|μα[ΐιίϊ]|mayıs|maj|مايو|मई|พฤษภาคม",
        "june|juni|juin|junio|giugno|junho|iunie|июн|черв|ιουν|haziran|czerw|يونيو|जून|มิถุนายน",
        "july|juli|juillet|julio|luglio|julho|iulie|июл|лип|ιουλ|temmuz|lip|يوليو|जुलाई|กรกฎาคม",
        "august|août|agosto|augustus|август|серп|αυγ|ağustos|sierp|أغسطس|अगस्त|สิงหาคม",
        "septemb|septiembre|settembre|setembro|septembrie|сентяб|верес|σεπτ|eylül|wrze|سبتمبر|सितंबर|กันยายน",
        "octob|oktob|octub|ottobre|outubro|octombrie|октяб|жовт|οκτω|ekim|paźdz|أكتوبر|अक्टूबर|ตุลาคม",
        "novemb|noviembre|noiembrie|ноябр|листоп|νοεμ|kasım|listop|نوفمبر|नवंबर|พฤศจิกายน",
        "decemb|dezemb|décemb|diciembre|dicembre|decembrie|декабр|груд|δεκεμ|aralık|grud|ديسمبر|दिसंबर|ธันวาคม",
    )
)
# Signs whose meaning may stand in words in the quote.
_UNITS: Mapping[str, str] = {
    "%": r"[%٪％]|per ?cent|prozent|pour ?cent|por ?cien|por ?cento|procent|процент"
    r"|τοις εκατό|yüzde|phần trăm|في الم|بالم|प्रतिशत|เปอร์เซ็นต์|ร้อยละ|百分|パーセント|퍼센트|분의",
    "$": r"[$＄]|dol|dól|доллар|долар|δολάρ|đô la|دولار|डॉलर|ดอลลาร์|美元|美金|ドル|달러|usd",
    "€": r"€|eur|евро|ευρώ|يورو|यूरो|ยูโร|欧元|歐元|ユーロ|유로",
    "£": r"£|pound|pfund|livre|libra|gbp|фунт|英镑|英鎊|ポンド|جنيه|पाउंड|ปอนด์|λίρ|sterlin|lire|bảng",
}


def numbers(text: str, *, tolerant: bool = False) -> list[Readings]:
    """Each number of a text, with all its readings.

    `tolerant` also takes what may be a number but often is not: single Chinese numerals, ambiguous
    words. It is meant for the quote, where more is safer; never for the sentence that is checked.
    """
    text = unicodedata.normalize("NFKC", text)
    found = [*_digits(text), *_cjk(text, tolerant), *_spelled(text, tolerant)]
    if tolerant:
        found += [frozenset({Decimal(at)}) for at, names in enumerate(_MONTHS, 1) if names.search(text)]
    return found


def missing_numbers(sentence: str, quote: str) -> list[str]:
    """Numbers of the sentence that do not stand in the quote, as text; empty when all do."""
    known = frozenset[Decimal]().union(*numbers(quote, tolerant=True))
    return [f"{min(one):f}" for one in numbers(sentence) if not one & known]


def missing_units(sentence: str, quote: str) -> list[str]:
    """Signs like % and $ that the sentence has and the quote has neither as sign nor as word."""
    folded = unicodedata.normalize("NFKC", quote).casefold()
    plain = unicodedata.normalize("NFKC", sentence)
    return [sign for sign, words in _UNITS.items() if sign in plain and not re.search(words, folded)]


def month_of(word: str) -> Decimal | None:
    """The number of the month that a word names, if any."""
    return next((Decimal(at) for at, names in enumerate(_MONTHS, 1) if names.match(word)), None)


def _digits(text: str) -> Iterator[Readings]:
    for match in _NUMBER.finditer(text):
        readings = {value for value in _read(match.group()) if value is not None}
        multiplier = _multiplier(text, match.end())
        if readings:
            yield frozenset(value * multiplier for value in readings)


def _read(figure: str) -> Iterator[Decimal | None]:
    plain = "".join(_ascii(one) for one in figure)
    groups = re.split(r"[.,]", plain)
    if len(groups) == 1:
        yield _decimal(plain)
        return
    signs = re.findall(r"[.,]", plain)
    grouped = all(len(one) == 3 for one in groups[1:]) and len(groups[0]) <= 3
    if grouped and len(set(signs)) == 1:
        yield _decimal("".join(groups))
    if len(signs) == 1 or (signs[-1] not in signs[:-1]):
        yield _decimal("".join(groups[:-1]) + "." + groups[-1])
    if len(signs) > 1 and len(set(signs)) == 1 and not grouped:
        # A date such as 3.10.1990, or a version: each part is a number of its own.
        for group in groups:
            yield _decimal(group)


def _ascii(character: str) -> str:
    if character in "٫":
        return "."
    if character in "٬":
        return ","
    if character in " \u00a0\u202f'’":
        return ""
    return str(unicodedata.digit(character)) if character.isdigit() else character


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text).normalize()
    except InvalidOperation:
        return None


def _multiplier(text: str, end: int) -> int:
    match = _AFTER.match(text, end)
    if match is None:
        return 1
    word = match.group(1).casefold()
    if word[0] in _CJK_MYRIADS or word[0] in "千만억":
        return _MULTIPLIERS[word[0]]
    for known, value in _MULTIPLIERS.items():
        # Inflected forms: Millionen, миллионов.
        if word == known or (len(known) >= 5 and word.startswith(known)):
            return value
    return 1


def _cjk(text: str, tolerant: bool) -> Iterator[Readings]:
    for match in _CJK_NUMBER.finditer(text):
        figure = match.group()
        after_digit = match.start() > 0 and text[match.start() - 1].isdigit()
        if after_digit or (len(figure) < 2 and not tolerant):
            continue
        yield frozenset(_read_cjk(figure))


def _read_cjk(figure: str) -> Iterator[Decimal]:
    if all(one in _CJK_DIGITS for one in figure):
        yield Decimal("".join(str(_CJK_DIGITS[one]) for one in figure))
        return
    total, section, digit = 0, 0, None
    for one in figure:
        if one in _CJK_DIGITS:
            digit = _CJK_DIGITS[one]
        elif one in _CJK_TENS:
            section += (1 if digit is None else digit) * _CJK_TENS[one]
            digit = None
        else:
            total = (total + section + (digit or 0)) * _CJK_MYRIADS[one] or _CJK_MYRIADS[one]
            section, digit = 0, None
    yield Decimal(total + section + (digit or 0)).normalize()


def _spelled(text: str, tolerant: bool) -> Iterator[Readings]:
    for word in re.findall(r"[^\W\d_]+", text.casefold()):
        if word in _SPELLED_VALUES and (tolerant or word not in _AMBIGUOUS):
            yield frozenset({_SPELLED_VALUES[word]})
