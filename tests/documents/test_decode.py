"""Bytes become the right text in every encoding that old files use."""

from __future__ import annotations

import codecs

import pytest

from everask.documents.decode import decode

# From the Universal Declaration of Human Rights, article 1 (public domain).
ARTICLE = {
    "en": "All human beings are born free and equal in dignity and rights.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und "
    "Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison "
    "et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni "
    "rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "cs": "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a "
    "svědomím a mají spolu jednat v duchu bratrství.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve "
    "birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "zh-tw": "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
}
OLD = [
    *(("gb18030", "zh"), ("big5", "zh-tw"), ("shift_jis", "ja"), ("euc_jp", "ja"), ("iso2022_jp", "ja")),
    *(("euc_kr", "ko"), ("koi8_r", "ru"), ("koi8_u", "uk"), ("cp1251", "ru"), ("cp1251", "uk")),
    *(("iso8859_5", "ru"), ("cp866", "ru"), ("cp1252", "de"), ("cp1252", "fr"), ("iso8859_1", "fr")),
    *(("cp1250", "pl"), ("cp1250", "cs"), ("iso8859_2", "pl"), ("iso8859_2", "cs"), ("cp1253", "el")),
    *(("cp1254", "tr"), ("cp1255", "he"), ("cp1256", "ar"), ("cp874", "th")),
]


@pytest.mark.parametrize(("encoding", "language"), OLD)
def test_old_encodings_are_found_without_being_told(encoding: str, language: str) -> None:
    text = ARTICLE[language]
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize("language", ARTICLE)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_unicode_without_a_mark(encoding: str, language: str) -> None:
    text = ARTICLE[language]
    assert decode(text.encode(encoding))[0] == text


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
    ],
)
def test_marks_are_believed_and_removed(mark: bytes, encoding: str) -> None:
    text = ARTICLE["ja"]
    assert decode(mark + text.encode(encoding)) == (text, encoding)


def test_plain_ascii_stays_what_it_is() -> None:
    assert decode(b"Bush hid the facts") == ("Bush hid the facts", "utf-8")
    assert decode(b"this app can break") == ("this app can break", "utf-8")
    assert decode(b"") == ("", "utf-8")


def test_utf8_with_a_broken_byte_stays_utf8() -> None:
    data = ARTICLE["ru"].encode() + b"\xff" + ARTICLE["hi"].encode()
    text, encoding = decode(data)
    assert encoding == "utf-8" and ARTICLE["ru"] in text and ARTICLE["hi"] in text


def test_a_declared_encoding_is_believed_when_it_fits_and_not_when_it_does_not() -> None:
    assert decode("são".encode("cp1252"), "iso-8859-1")[0] == "são"
    assert decode(ARTICLE["ru"].encode("koi8_r"), "KOI8-R")[0] == ARTICLE["ru"]
    assert decode(ARTICLE["ru"].encode("cp1251"), "iso-8859-1")[0] == ARTICLE["ru"]
    assert decode(ARTICLE["zh"].encode("gb18030"), "no such thing")[0] == ARTICLE["zh"]
    assert decode(ARTICLE["zh"].encode("gb18030"), "rot13")[0] == ARTICLE["zh"]


def test_one_accent_in_a_long_file_is_read_right() -> None:
    text = (
        "Plain words of no interest. " * 5000 + "\nLe café est très bon à Orléans.\n" + "More words. " * 999
    )
    assert decode(text.encode("cp1252"))[0] == text
