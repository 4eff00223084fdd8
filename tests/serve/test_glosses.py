"""Glosses: made on request from a quote in another language, checked, kept with the answer, and no source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from everask.generator import Message
from everask.index.accounts import Accounts
from everask.pipeline import Engine
from everask.settings import ServeSettings, Settings

from .browsing import CHROMIUM, NARROW, Opener, fits
from .conftest import quiet_models, running
from .people import as_person, make_person
from .test_screens import faults

QUESTION = "How many Monate Garantie does the Netzteil have?"
GOOD = "The warranty for the power supply is 24 months from the <b>date</b> of purchase."
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs it")


class Translator:
    """A language model that says one thing."""

    adapters: tuple[str, ...] = ()

    def __init__(self, said: str, name: str = "made-7b") -> None:
        self.said, self.name, self.asked = said, name, 0

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        assert not isinstance(prompt, str) and "Netzteil" in prompt[-1].content
        assert grammar and max_tokens < 500
        self.asked += 1
        yield from self.said

    def close(self) -> None:
        """Nothing to free."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    pile = tmp_path / "pile"
    pile.mkdir()
    text = "Die Garantie für das Netzteil gilt 24 Monate ab dem Kaufdatum."
    (pile / "garantie.txt").write_text(f"Garantie\n\n{text}\n", "utf-8")
    with Engine(Settings(tmp_path / "data", models=quiet_models(tmp_path / "models"))) as opened:
        opened.add([pile])
        yield opened


@pytest.fixture
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings()) as address:
        yield address


def let_speak(engine: Engine, translator: Translator) -> None:
    engine._generator, engine._generator_tried = translator, True


def ask(client: httpx.Client) -> tuple[str, dict[str, object]]:
    """An answer's id, and its quote's place."""
    made = client.post("/api/ask", json={"text": QUESTION}).json()
    (cited,) = made["claims"][0]["citations"]
    assert (made["language"], cited["language"]) == ("en", "de")
    return made["id"], {name: cited[name] for name in ("document_id", "start", "end")}


def test_a_gloss_is_made_once_and_kept_with_the_answer(url: str, engine: Engine) -> None:
    translator = Translator(GOOD)
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        identifier, place = ask(client)
        assert "In your language" not in client.get(f"/asks/{identifier}").text, "there is no model"
        path = f"/api/asks/{identifier}/glosses"
        assert client.post(path, json=place).status_code == 404
        let_speak(engine, translator)
        assert "In your language" in client.get(f"/asks/{identifier}").text
        assert client.post(path, json=place).json() == {
            "text": GOOD,
            "problem": "",
            "language": "en",
            "model": "made-7b",
        }
        assert client.post(path, json=place).json()["text"] == GOOD and translator.asked == 1
        page = client.get(f"/asks/{identifier}").text
        assert "24 months from the &lt;b&gt;date" in page and "by a machine (made-7b)" in page
        assert client.post(path, json={**place, "start": 1}).status_code == 404, "no quote of the answer"
        exported = client.get(f"/asks/{identifier}/export").text
        assert "months" not in exported, "it is no source"
    with (
        running(engine, ServeSettings()) as again,
        httpx.Client(base_url=again, timeout=60, trust_env=False) as client,
    ):
        assert "24 months from the &lt;b&gt;date" in client.get(f"/asks/{identifier}").text
        assert client.post(path, json=place).json()["text"] == GOOD and translator.asked == 1


def test_what_does_not_agree_with_the_quote_is_not_shown(url: str, engine: Engine) -> None:
    let_speak(engine, Translator("The warranty for the power supply is 42 months from the date of purchase."))
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        engine._generator_tried, engine._generator = True, None
        identifier, place = ask(client)
        let_speak(engine, Translator("The warranty for the power supply is 42 months from purchase."))
        made = client.post(f"/api/asks/{identifier}/glosses", json=place).json()
        assert made["text"] == "" and "42" in made["problem"]
        page = client.get(f"/asks/{identifier}").text
        assert "42 months" not in page and "translation is not shown" in page


def test_the_smallest_models_are_not_asked(url: str, engine: Engine) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        identifier, place = ask(client)
        let_speak(engine, Translator(GOOD, "qwen2.5-coder-0.5b-instruct-q4_k_m"))
        assert "In your language" not in client.get(f"/asks/{identifier}").text
        assert client.post(f"/api/asks/{identifier}/glosses", json=place).status_code == 404


def test_only_who_asked_and_may_still_read_it(engine: Engine) -> None:
    ada, bob = make_person(engine, "ada", "staff"), make_person(engine, "bob", "staff")
    engine.set_groups("garantie", ["staff"])
    with running(engine, ServeSettings()) as url, as_person(url, ada) as client:
        identifier, place = ask(client)
        let_speak(engine, Translator(GOOD))
        path = f"/api/asks/{identifier}/glosses"
        with as_person(url, bob) as other:
            theirs = other.post(path, json=place)
            missing = other.post("/api/asks/unknown/glosses", json=place)
            assert (theirs.status_code, theirs.content) == (missing.status_code, missing.content)
        assert client.post(path, json=place).json()["text"] == GOOD
        Accounts(engine.store.database).set_groups("ada", [])
        assert client.post(path, json=place).status_code == 404
        assert client.get(f"/asks/{identifier}").status_code == 404


@needs_browser
@pytest.mark.parametrize("look", [{}, {"size": NARROW, "language": "ar"}, {"scripts": False}])
def test_in_a_browser(open_page: Opener, url: str, engine: Engine, look: dict[str, object]) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        identifier, _ = ask(client)
    let_speak(engine, Translator(GOOD))
    page = open_page(f"/asks/{identifier}", **look)
    page.locator(".gloss summary").first.click()
    if not look.get("scripts", True):
        page.locator(".gloss button").click()
    expect(page.locator(".glossed").first).to_contain_text("24 months from the <b>date</b>")
    if look.get("scripts", True):
        page.wait_for_timeout(300)
        assert faults(page) == [] and fits(page)
