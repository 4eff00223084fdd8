"""What is seen to be wrong in a gloss, without knowing both languages: figures, signs, names, language."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.serve.test_glosses import Translator

from everask.answer.gloss import find_problem, is_worth_asking, make_gloss
from everask.answer.gloss_distance import LEAST, measure_nearness
from everask.answer.prompts import build_gloss_grammar
from everask.encoder import load_means

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


class Vectors:
    """An encoder of the shipped name: its vectors are given."""

    def __init__(self, rows: Sequence[NDArray[np.float32]], id: str = "e5-small-search-1") -> None:
        self.rows, self.id = np.stack(rows), id

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        assert len(texts) == 2
        return self.rows


def test_a_gloss_of_something_else_is_not_shown() -> None:
    means, quote = (
        load_means("e5-small-search-1"),
        "Die Garantie für das Netzteil gilt 24 Monate ab dem Kaufdatum.",
    )
    turned = np.zeros_like(means["de"])
    turned[0] = 1.0
    same, far = [means["de"] + 0.1, means["en"] + 0.1], [means["de"] + 0.1, means["en"] + turned]
    said = Translator("The warranty for the power supply is 24 months from the day of purchase.")
    assert measure_nearness("", quote, ("de", "en"), Vectors(same)) == pytest.approx(1.0, abs=1e-5)
    assert abs(measure_nearness("", quote, ("de", "en"), Vectors(far))) < LEAST
    for encoder, problem in (
        (Vectors(same), ""),
        (Vectors(far), "it says something else than the quote"),
        (Vectors(far, "another/encoder"), ""),
        (None, ""),
    ):
        assert make_gloss(said, quote, ("de", "en"), encoder=encoder).problem == problem
