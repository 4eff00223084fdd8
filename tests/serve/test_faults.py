"""Errors on pages: what a form can meet is said in every language of the pages, with its own values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from everask.serve.errors import INTERNAL
from everask.serve.faults import faults_of, find_fault, language_of_fault, say_fault
from everask.serve.rendering import render
from everask.serve.wording import NAMES, WORDS, words_of
from everask.settings import ServeSettings

from .conftest import running
from .people import open_pile

SOURCE = Path(__file__).parents[2] / "src/everask"
FIELD = re.compile(r"\{[^}]*\}")
OF_FORMS = (
    *("serve/acts.py", "serve/acts_api.py", "serve/asks.py", "serve/doors.py", "serve/glosses.py"),
    *("serve/learning.py", "serve/oidc_login.py", "serve/people.py", "serve/rights.py"),
    *("serve/settings_api.py", "serve/topics.py", "serve/uploads.py", "serve/quality.py"),
    *("index/accounts.py", "index/credentials.py", "index/topics.py", "index/saved.py"),
    *("pipeline/promotion.py", "pipeline/settings_file.py", "pipeline/why.py", "pipeline/browsing.py"),
    *("settings.py", *(f"serve/pages/{one.name}" for one in (SOURCE / "serve/pages").glob("*.py"))),
)
"""Where errors are raised that forms meet."""
NOT_OF_FORMS = {
    "an event that is no piece of a page",  # never raised at people
    "{}: {}.",  # what the reader of TOML says of a file that somebody broke by hand
    "{}: unknown section [{}].",  # at the start, before there are pages
    "{}: unknown setting '{}'.",
    "everask train {}",  # a command
}


def raised(module: str) -> Iterator[str]:
    """Every message and hint of the errors that a module makes, with {} for values."""
    for node in ast.walk(ast.parse((SOURCE / module).read_text("utf-8"))):
        is_error = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if not is_error or not node.func.id.endswith("Error"):  # type: ignore[attr-defined]
            continue
        for given in node.args[:2]:  # type: ignore[attr-defined]
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                yield given.value
            if isinstance(given, ast.JoinedStr):
                yield "".join(
                    str(one.value) if isinstance(one, ast.Constant) else "{}" for one in given.values
                )


@pytest.mark.parametrize("language", NAMES)
def test_no_error_of_a_form_is_missing(language: str) -> None:
    texts = {text for module in OF_FORMS for text in raised(module) if text} - NOT_OF_FORMS
    assert [one for one in sorted(texts) if find_fault(one.replace("{}", "7"), language) is None] == []


@pytest.mark.parametrize("language", NAMES)
def test_every_error_is_said_in_every_language(language: str) -> None:
    assert set(faults_of(language)) == set(faults_of("en")) and not set(faults_of(language)) & set(
        words_of(language)
    )
    for text, said in faults_of(language).items():
        assert said.strip() == said and said, text
        assert sorted(FIELD.findall(said)) == sorted(FIELD.findall(text)), text
        assert (said == text) == (language == "en"), text
        filled = FIELD.sub("7", text)
        assert say_fault(filled, language) == FIELD.sub("7", said), "no other text takes it"
    assert (
        say_fault(INTERNAL.message, language) != "" and language_of_fault(INTERNAL.hint, language) == language
    )


def test_errors_are_said_by_pages_alone_and_none_is_left_over() -> None:
    assert {path.stem for path in (WORDS / "faults").glob("*.json")} == set(NAMES)
    everywhere = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    for text in faults_of("en"):
        longest = max(FIELD.split(text), key=len).strip()
        assert longest in everywhere, f"{text}: nobody says it"


def test_values_stay_values() -> None:
    said = say_fault("There is a user {file} <b>{0} already.", "de")
    assert said == "Es gibt schon einen Benutzer {file} <b>{0}."
    assert say_fault("rank.depth must be from 1 to 100, not 'a to b'.", "fr") == (
        "rank.depth doit être compris entre 1 et 100, et non 'a to b'."
    )
    assert say_fault("Never seen.", "ja") == "Never seen." and language_of_fault("Never seen.", "ja") == "en"
    page = render("error.html", {"message": "There is no such <i>.", "hint": "Log in again."}, "ar")
    assert '<h1 lang="en" dir="auto">There is no such &lt;i&gt;.</h1>' in page and "ادخل من جديد." in page


def test_a_form_says_what_is_wrong_in_the_readers_language(tmp_path: Path) -> None:
    with open_pile(tmp_path) as engine, running(engine, ServeSettings()) as url:
        form, headers = {"name": "ada", "password": "short"}, {"accept": "text/html", "accept-language": "de"}
        with httpx.Client(base_url=url, headers={**headers, "origin": url}, trust_env=False) as client:
            refused = client.post("/people", data=form)
            nowhere = client.get("/documents/nothing")
    assert refused.status_code == 400 and nowhere.status_code == 404
    said = "Ein Benutzer braucht einen Namen und ein Passwort von mindestens 8 Zeichen."
    assert f'role="alert" dir="auto"><span lang="de">{said}</span>' in refused.text
    assert '<h1 lang="de" dir="auto">Dieses Dokument gibt es nicht.</h1>' in nowhere.text
