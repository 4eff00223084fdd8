"""The retrievers with their real frameworks, over an engine and over a server; rights hold in both."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.serve.conftest import running
from tests.serve.people import OWNER_TOKEN, Person, make_person, open_pile

import everask
from everask.errors import EveraskError, MissingExtraError, UsageError
from everask.pipeline import Engine
from everask.retrievers import ByEngine, Finder, OverHttp
from everask.settings import ServeSettings

PAGE = Path(__file__).parents[2] / "docs/retrievers.md"
SECRET = "zebrafish salary of the director"
WARRANTY = "The warranty of the kettle is 24 months from the day of purchase."
SURROUNDINGS = {
    "EVERASK_MODELS_GENERATOR": "none",
    "EVERASK_MODELS_PULL": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
}
FRAMEWORKS = {"langchain": "langchain_core", "llamaindex": "llama_index.core", "haystack": "haystack"}


@dataclass(frozen=True, slots=True)
class Result:
    """What a framework made of a passage."""

    text: str
    score: float
    metadata: dict[str, Any]
    id: str


def by_langchain(finder: Finder, query: str) -> list[Result]:
    from everask.retrievers.langchain import EveraskRetriever

    retriever = EveraskRetriever(finder=finder, top=3)
    found = retriever.invoke(query)
    assert asyncio.run(retriever.ainvoke(query)) == found
    return [Result(one.page_content, one.metadata.pop("score"), one.metadata, str(one.id)) for one in found]


def by_llamaindex(finder: Finder, query: str) -> list[Result]:
    from everask.retrievers.llamaindex import EveraskRetriever

    nodes = EveraskRetriever(finder, top=3).retrieve(query)
    for one in nodes:
        assert one.node.start_char_idx == one.metadata["start"], "citations by the framework's own offsets"  # type: ignore[attr-defined]
        assert "start" not in one.node.get_metadata_str("llm")  # type: ignore[arg-type]
    return [Result(one.text, one.score or 0.0, one.metadata, one.node_id) for one in nodes]


def by_haystack(finder: Finder, query: str) -> list[Result]:
    from haystack import Pipeline

    from everask.retrievers.haystack import EveraskRetriever

    pipeline = Pipeline()
    pipeline.add_component("everask", EveraskRetriever(finder, top=3))
    documents = pipeline.run({"everask": {"query": query}})["everask"]["documents"]
    return [Result(one.content, one.score, one.meta, one.id) for one in documents]


BY: dict[str, Callable[[Finder, str], list[Result]]] = {
    "langchain": by_langchain,
    "llamaindex": by_llamaindex,
    "haystack": by_haystack,
}


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(params=BY)
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Result]]:
    if not _is_there(FRAMEWORKS[request.param]):
        pytest.skip(f"the extra {request.param} is not installed")
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    return BY[request.param]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_pile(tmp_path_factory.mktemp("retrievers")) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(engine: Engine) -> dict[str, Person]:
    return {"member": make_person(engine, "mia", "garden"), "board": make_person(engine, "bo", "board")}


@pytest.fixture(scope="module")
def url(engine: Engine, people: dict[str, Person]) -> Iterator[str]:
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as address:
        yield address


def test_passages_come_with_score_place_and_source(
    engine: Engine, search: Callable[..., list[Result]]
) -> None:
    first = search(ByEngine(engine), "When does the garden open?")[0]
    document = engine.document("garden")
    place = slice(first.metadata["start"], first.metadata["end"])
    assert "nine in the morning" in first.text and first.text == document.text[place]
    assert first.metadata["source"] == document.uri and first.metadata["title"]
    assert first.metadata["document_id"] == document.id and first.metadata["language"] == "en"
    assert first.id == f"{document.id}:{place.start}-{place.stop}" and first.score > 0


def test_a_server_gives_the_same_and_its_pages_as_sources(
    engine: Engine, url: str, search: Callable[..., list[Result]]
) -> None:
    query = "When does the garden open?"
    here, there = search(ByEngine(engine), query)[0], search(OverHttp(url, OWNER_TOKEN), query)[0]
    assert (there.text, there.id) == (here.text, here.id)
    assert there.score == pytest.approx(here.score, abs=1e-3)
    assert there.metadata["source"].startswith(f"{url}/documents/{here.metadata['document_id']}?mark=")


def test_what_may_not_be_read_is_not_found(
    engine: Engine, url: str, people: dict[str, Person], search: Callable[..., list[Result]]
) -> None:
    for groups, token in ((("garden",), people["member"].token), ((), people["member"].token)):
        for finder in (ByEngine(engine, groups), OverHttp(url, token)):
            assert not any("912,345" in one.text for one in search(finder, SECRET))
    for finder in (ByEngine(engine, ("board",)), OverHttp(url, people["board"].token), ByEngine(engine)):
        assert "912,345" in search(finder, SECRET)[0].text


def test_refusals_are_said(url: str) -> None:
    with pytest.raises(EveraskError, match="token is needed"):
        OverHttp(url).find("garden", 3)
    with pytest.raises(EveraskError, match="does not answer"):
        OverHttp("http://127.0.0.1:1").find("garden", 3)


@pytest.mark.parametrize("name", BY)
def test_a_framework_that_is_not_installed_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, f"everask.retrievers.{name}", raising=False)
    for module in [one for one in sys.modules if one.startswith(FRAMEWORKS[name].split(".")[0])]:
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, FRAMEWORKS[name], None)
    with pytest.raises(MissingExtraError, match=f"everask\\[{name}\\]"):
        importlib.import_module(f"everask.retrievers.{name}")
    monkeypatch.undo()
    sys.modules.pop(f"everask.retrievers.{name}", None)


def test_a_pipeline_of_haystack_goes_into_a_file_without_its_token(engine: Engine) -> None:
    if not _is_there("haystack"):
        pytest.skip("the extra haystack is not installed")
    from everask.retrievers.haystack import EveraskRetriever

    written = EveraskRetriever(OverHttp("http://127.0.0.1:9000", "hidden"), top=2).to_dict()
    assert "hidden" not in repr(written)
    made = EveraskRetriever.from_dict(written)
    assert made.finder == OverHttp("http://127.0.0.1:9000") and made.top == 2
    with pytest.raises(UsageError, match="engine"):
        EveraskRetriever(ByEngine(engine)).to_dict()


@pytest.mark.parametrize("name", BY)
def test_the_snippets_of_the_docs_run_as_they_stand(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for the address and the token, which are this server's and this person's."""
    if not _is_there(FRAMEWORKS[name]):
        pytest.skip(f"the extra {name} is not installed")
    for variable, value in SURROUNDINGS.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("EVERASK_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EVERASK_MODELS_FOLDER", str(tmp_path / "models"))
    (tmp_path / "warranty.txt").write_text(f"Warranty\n\n{WARRANTY}\n", "utf-8")
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    (snippet,) = (one for one in snippets if f"everask.retrievers.{name} import" in one)
    with everask.open() as opened:
        opened.add([tmp_path / "warranty.txt"])
        token = make_person(opened, "mia", "staff").token
        with running(opened, ServeSettings(token=OWNER_TOKEN)) as address:
            assert "https://ask.example.org" in snippet and "everask_…" in snippet
            given = snippet.replace("https://ask.example.org", address).replace("everask_…", token)
            exec(compile(given, str(PAGE), "exec"), {})
            said = capsys.readouterr().out
    assert f"{address}/documents/" in said and said.count(WARRANTY) == 1 + (name == "langchain")
