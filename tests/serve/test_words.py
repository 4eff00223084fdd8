"""The pages' words: none is missing in any language, and each keeps its placeholders."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.index.learned import STALE
from everask.pipeline.labelling import LEFT_OUT
from everask.pipeline.learning import OVERTAKEN, UPGRADED
from everask.pipeline.sentences import SAYS_NOTHING
from everask.pipeline.trail import STAGE_NAMES, TEXTS
from everask.serve.learning import NEEDS_EXTRA
from everask.serve.pages.answer import STAGES
from everask.serve.pages.frame import SCREENS, SECTIONS
from everask.serve.pages.learning import CHANGES, KIND_NAMES, LABELS, LABELS_OF_SENTENCES, STATES
from everask.serve.rendering import KINDS, NOTE_LABELS, RTL, UNITS, WEB, render
from everask.serve.way import WAY_NAMES
from everask.serve.wording import NAMES, WORDS, language_names, preferred, translator, words_of

SERVE = Path(__file__).parents[2] / "src/everask/serve"
CALL = re.compile(r'_\(\s*("(?:[^"\\]|\\.)*")')
FIELD = re.compile(r"\{[^}]*\}")
ORIGINS = {"default", "file", "environment"}


def said() -> Iterator[str]:
    """Every text that a page says: in templates, in code, and in the tables that they look into."""
    for template in (WEB / "templates").glob("*.html"):
        for written in CALL.findall(template.read_text("utf-8")):
            yield json.loads(written)
    for path in SERVE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))
    yield from STAGES.values()
    yield from (name for _, _, name in SCREENS)
    yield from (name for _, name in SECTIONS)
    yield from NOTE_LABELS.values()
    yield from {*UNITS.values(), "pages"}
    yield from KINDS.values()
    yield from TEXTS.values()
    yield from STAGE_NAMES.values()
    yield from ORIGINS
    yield from WAY_NAMES.values()
    for table in (KIND_NAMES, STATES, CHANGES, LABELS, LABELS_OF_SENTENCES):
        yield from table.values()
    yield from (*LEFT_OUT, *SAYS_NOTHING, *STALE, UPGRADED, OVERTAKEN, NEEDS_EXTRA)


@pytest.mark.parametrize("language", NAMES)
def test_no_text_is_missing(language: str) -> None:
    known = words_of(language)
    assert sorted(set(said()) - set(known)) == []
    assert sorted(set(known) - set(said())) == [], "words that no page says"
    for text, word in known.items():
        assert word.strip() == word, text
        assert sorted(FIELD.findall(text)) == sorted(FIELD.findall(word)), text
        assert language != "en" or word == text


def test_every_language_has_a_file_and_names_of_languages() -> None:
    assert {path.stem for path in WORDS.glob("*.json")} == set(NAMES)
    for language in NAMES:
        assert set(language_names(language)) >= set(language_names("en"))
    assert language_names("de")["th"] == "Thailändisch"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-CH,de;q=0.9,en;q=0.8", "de"),
        ("th,ja;q=0.5", "ja"),
        ("en;q=0.3,fr;q=0.7", "fr"),
        ("fr;q=0,en", "en"),
        ("", "en"),
        ("*", "en"),
        ("de;q=much," * 1000, "en"),
        ("zh-Hant-TW", "zh"),
    ],
)
def test_the_browsers_preference_is_followed(header: str, language: str) -> None:
    assert preferred(header) == language


def test_values_stay_values() -> None:
    say = translator("de")
    assert say("{number} documents", number="{number}") == "{number} Dokumente"
    assert 'dir="rtl"' in render("error.html", {"message": "?", "hint": "", "path": "/"}, "ar")
    assert "ar" in RTL
