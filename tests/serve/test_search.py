"""What is typed into a search, through every door: phrases, exclusions, filters, hints, and bad input."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from everask.errors import EveraskError, UsageError
from everask.pipeline import Engine
from everask.serve.cli.app import app

PAGE = Path(__file__).parents[2] / "docs/search.md"
COMMANDS = re.findall(r"^everask (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
NASTY = [
    "???",
    "\u202e\u0007\x1b[31m",
    "'; DROP TABLE passages; --",
    '" OR 1=1 --',
    "NEAR(a b, 5) AND body:* ^x",
    '"unbalanced „quotes «everywhere',
    " ".join(f"-word{number}" for number in range(500)),
    "🙂🙃",
    "क़ा保修ab",
    '"" -"" lang: after:',
    "title:%_ folder:../../etc type:\u0000",
    "-" * 4_000,
    '"' * 4_000,
    "„" * 4_000,
    "a:" * 2_000,
]


def search(client: httpx.Client, text: str) -> httpx.Response:
    return client.post("/api/search", json={"text": text, "top": 5})


def test_phrases_exclusions_and_filters_over_http(client: httpx.Client) -> None:
    found = search(client, '"ab dem Kaufdatum" garantie').json()
    assert found["understood"]["phrases"] == ["ab dem Kaufdatum"]
    assert [hit["document"] for hit in found["hits"]] == ["de/garantie"]
    assert not search(client, 'garantie "Kaufdatum ab dem"').json()["hits"]
    without = search(client, "Garantie Netzteil -Kaufdatum").json()["hits"]
    assert "de/garantie" not in {hit["document"] for hit in without}
    arabic = search(client, "الضمان lang:ar").json()
    assert {hit["language"] for hit in arabic["hits"]} == {"ar"}
    assert not search(client, "الضمان folder:de").json()["hits"]


def test_hints_and_suggestions_over_http(client: httpx.Client) -> None:
    found = search(client, "lang:klingon Garrantie").json()["understood"]
    assert "lang:klingon" in found["hints"][0]
    assert found["suggestion"] == "lang:klingon Garantie"
    assert search(client, "Garrantie").json()["hits"][0]["document"] == "de/garantie"


def test_the_page_shows_limits_hints_and_suggestions(client: httpx.Client) -> None:
    page = client.get("/search", params={"question": 'Garrantie -"x <b>" lang:de after:soon'}).text
    assert "without “x &lt;b&gt;”" in page and "in German" in page
    assert "after:soon is no date" in page
    assert 'Did you mean <a href="/search?question=Garantie' in page


@pytest.mark.parametrize("text", NASTY)
def test_bad_input_gets_a_clear_answer_over_http(client: httpx.Client, text: str) -> None:
    reply = search(client, text)
    assert reply.status_code in {200, 422}, reply.text
    if reply.status_code == 200:
        found = reply.json()
        assert found["understood"]["text"] or found["understood"]["hints"]
    assert client.get("/search", params={"question": text}).status_code in {200, 422}


def test_empty_and_endless_texts_are_refused_by_name(client: httpx.Client) -> None:
    for text in ("", "x" * 100_000):
        reply = search(client, text)
        assert reply.status_code == 422 and "text" in reply.json()["error"]["message"]
    assert search(client, "   ").json()["understood"]["hints"]


def test_anything_can_be_typed_into_the_engine(filled: Engine) -> None:
    pieces = st.one_of(st.text(max_size=15), st.sampled_from([*NASTY[:6], ' "', "-", "lang:de ", "\ud800"]))

    @given(st.lists(pieces, max_size=8).map("".join))
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def ask(text: str) -> None:
        found = filled.find(text, 3)
        assert found.understood.text or (found.understood.hints and not found.hits)

    ask()
    assert filled.find("word " * 20_000).understood.hints


def test_a_question_without_words_is_refused_in_words(filled: Engine) -> None:
    with pytest.raises(UsageError, match="no word"):
        filled.ask("?!")
    with pytest.raises(EveraskError, match="Filters"):
        filled.ask("lang:de")


def test_a_question_is_limited_by_what_is_typed(filled: Engine) -> None:
    answer = filled.ask("Wie lange gilt die Garantie? folder:de")
    assert answer.question == "Wie lange gilt die Garantie?"
    assert {one.document for claim in answer.claims for one in claim.citations} <= {"de/garantie"}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_page_work(filled: Engine, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("EVERASK_MODELS_PULL", "false")
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    monkeypatch.setenv("EVERASK_MODELS_FOLDER", str(filled.settings.data / "models"))
    done = CliRunner().invoke(app, [*shlex.split(command), "--data", str(filled.settings.data)])
    assert done.exit_code in {0, 8}, done.output
    assert "no date" not in done.output and "read as words" not in done.output


def test_the_command_line_says_what_it_understood(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERASK_MODELS_PULL", "false")
    data = ["--data", str(filled.settings.data)]
    runner = CliRunner()
    done = runner.invoke(app, ["search", 'Garrantie -"two years" after:soon', "--json", *data])
    record = json.loads(done.stdout)
    assert record["understood"]["without"] == ["two years"] and record["hits"]
    for words in ("without “two years”", "after:soon is no date", "Did you mean: Garantie"):
        assert words in done.stderr
    for text in NASTY:
        assert runner.invoke(app, ["search", *data, "--", text]).exit_code in {0, 2, 8}, text
