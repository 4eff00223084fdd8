"""What is seen to be wrong in a gloss, without knowing both languages: figures, signs, names, language."""

from __future__ import annotations

import pytest

from everask.answer.gloss import find_problem, is_worth_asking
from everask.answer.prompts import build_gloss_grammar

FINE = [
    ("de", "en", "Die Garantie gilt 24 Monate.", "The warranty is valid for 24 months."),
    ("zh", "en", "2017 年 6 月 17 日发布了 Debian 9。", "Debian 9 was released on 17 June 2017."),
    ("ja", "de", "LibreOffice でセクションを挿入します。", "Fügen Sie in LibreOffice einen Abschnitt ein."),
    ("en", "ar", "The licence GPL is valid for 3 years.", "رخصة GPL صالحة لمدة 3 سنوات."),
    (
        "id",
        "en",
        "Keberhasilan Debian adalah bukti visi Ian.",
        "Debian's success is proof of Ian's vision.",
    ),
    ("ru", "en", "Пакет собран для архитектуры i386.", "The package was built for the i386 architecture."),
]
WRONG = [
    ("de", "en", "Die Garantie gilt 24 Monate.", "The warranty is valid for 42 months.", "42"),
    ("de", "en", "Die Garantie gilt 24 Monate.", "The warranty is valid for some months.", "24"),
    ("de", "en", "Die Garantie gilt 24 Monate.", "Die Garantie gilt 24 Monate.", "again"),
    ("zh", "en", "2017 年发布了 Debian 9。", "Ubuntu 9 was released in 2017.", "Debian"),
    ("en", "ar", "The licence GPL is valid for 3 years.", "الرخصة صالحة لمدة 3 سنوات.", "GPL"),
    ("en", "zh", "Write to ada@example.org soon.", "请尽快写信。", "ada@example.org"),
    ("de", "en", "Es gilt.", "It is valid, and there are very many other things to be said of it.", "length"),
    ("fr", "en", "Le projet de Marie Curie dure.", "The project of Peter Curie lasts.", "Marie"),
    ("de", "en", "Das Netzteil ist alt.", "Le bloc d'alimentation est très vieux maintenant.", "language"),
    ("de", "en", "Es gilt.", "", "nothing"),
]


@pytest.mark.parametrize(("source", "target", "quote", "gloss"), FINE)
def test_what_agrees_passes(source: str, target: str, quote: str, gloss: str) -> None:
    assert find_problem(gloss, quote, source, target) == ""


@pytest.mark.parametrize(("source", "target", "quote", "gloss", "word"), WRONG)
def test_what_does_not_agree_is_named(source: str, target: str, quote: str, gloss: str, word: str) -> None:
    assert word in find_problem(gloss, quote, source, target)


def test_small_models_and_the_grammar() -> None:
    assert not is_worth_asking("qwen2.5-coder-0.5b-instruct-q4_k_m+answer")
    assert is_worth_asking("gpt-oss-20b")
    assert build_gloss_grammar("ar").startswith("root ::= [؀-ۿ")
    assert "[^\\n]+" in build_gloss_grammar("xx")
