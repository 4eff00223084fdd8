"""A long document is asked at once: nothing is kept, citations resolve, and few passages need a vector."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.errors import NotFoundError, UnreadableError, UsageError
from everask.pipeline import encode_likely, open_apart
from everask.pipeline.engine import Engine

WORDS = ("valve", "pump", "river", "station", "report", "engine", "cable", "bridge", "harbour", "winter")
FACT = "The harbour master of Port Ellery keeps the brass key in a blue tin."


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """A made report of some 150 passages; one sentence in it is a fact."""
    draw = random.Random(3)
    parts = [
        " ".join(f"The {draw.choice(WORDS)} {draw.choice(WORDS)} was seen {n}." for _ in range(14))
        for n in range(80)
    ]
    parts[51] = f"{parts[51]} {FACT} {parts[52]}"
    path = tmp_path / "report.md"
    path.write_text("\n\n".join(f"## Part {n}\n\n{part}" for n, part in enumerate(parts)), "utf-8")
    return path


@pytest.fixture
def apart(long_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    with open_apart([str(long_file)], tmp_path / "data") as engine:
        yield engine


def test_citations_resolve_and_nothing_is_kept(apart: Engine, long_file: Path, tmp_path: Path) -> None:
    answer = apart.ask("Where does the harbour master of Port Ellery keep the brass key?")
    citation = answer.claims[0].citations[0]
    assert citation.quote == FACT
    assert apart.document(citation.document_id).text[citation.start : citation.end] == FACT
    assert citation.uri == long_file.as_uri()
    place = apart.settings.data
    assert place.is_dir() and not place.is_relative_to(tmp_path)
    assert not (tmp_path / "data").exists()


def test_only_likely_passages_get_a_vector(apart: Engine) -> None:
    encoder = apart.encoder
    assert encoder is not None
    total = apart.store.counts().passages
    question = "Wo bewahrt der Hafenmeister von Port Ellery den Schlüssel aus Messing auf?"
    seen: list[tuple[int, int]] = []
    done = encode_likely(apart, question, lambda *so_far: seen.append(so_far), num_likely=20)
    assert done == seen[-1][0] == seen[-1][1]
    assert done == (20 if encoder.rough else total)
    assert FACT in apart.search(question)[0].passage.text


def test_words_choose_within_a_language(apart: Engine) -> None:
    question = "Where does the harbour master of Port Ellery keep the brass key?"
    assert 1 <= encode_likely(apart, question, num_likely=8) <= 8
    assert FACT in apart.search(question)[0].passage.text


@pytest.mark.parametrize(
    ("name", "kind"), [("gone.pdf", NotFoundError), (".", UsageError), ("empty.pdf", UnreadableError)]
)
def test_what_cannot_be_asked_is_said(tmp_path: Path, name: str, kind: type[Exception]) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    with pytest.raises(kind), open_apart([str(tmp_path / name)], tmp_path / "data"):
        pass
