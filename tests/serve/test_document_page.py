"""A document's page: outline, versions, the answers that cite it; for those who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from everask.pipeline import Engine
from everask.pipeline.versions import find_versions
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models, running

MANUAL = "# Pump\n\nHow it works.\n\n## Start <b>\n\nThe pump starts after {} seconds.\n\n"
MANUAL += "## Stop\n\nPull the lever.\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    folder = tmp_path / "pile"
    (folder / "copies").mkdir(parents=True)
    for name, seconds in {"pump manual v1": 10, "pump manual v2": 12, "copies/odd name": 12}.items():
        (folder / f"{name}.md").write_text(MANUAL.format(seconds), "utf-8")
    (folder / "garden.txt").write_text("Roses need water.", "utf-8")
    with Engine(Settings(tmp_path / "data", models=quiet_models(tmp_path / "models"))) as opened:
        opened.add([folder])
        yield opened


def test_outline_versions_and_answers(engine: Engine) -> None:
    info = engine.find_document("pump manual v2")
    with (
        running(engine, ServeSettings()) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False) as client,
    ):
        asked = client.post("/api/ask", json={"text": "When does the pump start? 12 seconds"}).json()
        page = client.get(f"/documents/{info.id}").text
        assert "Start &lt;b&gt;" in page and "<b>" not in page and "Outline" in page
        start = engine.document(info.id).text.index("Stop")
        assert f"/documents/{info.id}?mark={start}-{start + 4}#{start}-{start + 4}" in page
        assert "pump manual v1" in page and "odd name" in page and "Versions and copies: 2" in page
        assert (f"/asks/{asked['id']}" in page) == (f'"{info.id}"' in str(asked).replace("'", '"'))
        assert "Outline" not in client.get(f"/documents/{engine.find_document('garden').id}").text


def test_versions_are_those_that_may_be_read(engine: Engine) -> None:
    info = engine.find_document("pump manual v2")
    assert [one.name for one in find_versions(engine.store, engine.find_document("garden"), None)] == []
    assert {one.name for one in find_versions(engine.store, info, None)} == {
        "pump manual v1",
        "copies/odd name",
    }
    engine.set_groups("pump manual v1", ["few"])
    assert {one.name for one in find_versions(engine.store, info, ())} == {"copies/odd name"}
