"""Examples are what they claim to be, batches are drawn alike again, and the loss falls for right pairs."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from everask.models.search_bert.data import Family, Sampler, Section, read_sections
from everask.models.search_bert.model import contrast

LANGUAGES = ("de", "en", "fr")


def _manual(num_pages: int = 30) -> list[Family]:
    families = []
    for page in range(num_pages):
        family = Family(f"page-{page}")
        for number in range(5):
            family.sections[number] = {
                language: Section(
                    f"{language} heading {page}.{number}",
                    f"First {language} sentence of {page}.{number} here. Second sentence of {page}.{number}.",
                )
                for language in LANGUAGES
            }
        families.append(family)
    return families


def test_a_batch_is_drawn_alike_again_and_holds_no_group_twice() -> None:
    sampler = Sampler(_manual(), {})
    batch = sampler.batch(3, 24, seed=1)
    assert batch == Sampler(_manual(), {}).batch(3, 24, seed=1) != sampler.batch(4, 24, seed=1)
    assert len({one.group for one in batch}) == 24


def test_passages_belong_to_their_queries_and_a_cloze_does_not_hold_its_sentence() -> None:
    sampler = Sampler(_manual(), {})
    examples = [one for number in range(40) for one in sampler.batch(number, 24)]
    kinds = {one.kind for one in examples}
    assert kinds == {"heading", "sentence"}
    for one in examples:
        page, _, number = one.group.removeprefix("page-").partition("/")
        assert f"{page}.{number}" in one.query and f"{page}.{number}" in one.passage
    own = [one for one in examples if one.kind == "sentence" and one.query_language == one.passage_language]
    held = [one for one in own if one.query in one.passage]
    assert own and len(held) < 0.3 * len(own)
    across = [one for one in examples if one.query_language != one.passage_language]
    assert 0.4 < len(across) / len(examples) < 0.9


def test_distractors_in_the_querys_own_language_stand_in_the_batch() -> None:
    batch = Sampler(_manual(), {}).batch(0, 48)
    across = [one for one in batch if one.query_language != one.passage_language]
    pages = {one.group.partition("/")[0] for one in across}
    with_own = [
        page
        for page in pages
        if any(
            other.passage_language == one.query_language
            for one in across
            for other in batch
            if one.group.startswith(f"{page}/") and other.group.startswith(f"{page}/") and other is not one
        )
    ]
    assert len(with_own) > len(pages) / 3


def test_headings_that_say_nothing_are_no_queries(tmp_path: Path) -> None:
    rows = [
        {
            "page": f"p{page}",
            "sections": 2,
            "number": number,
            "language": "en",
            "heading": heading,
            "text": "x",
        }
        for page in range(9)
        for number, heading in enumerate(("Syntax", f"3.{page}. Install the printer {page}"))
    ]
    path = tmp_path / "sections.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    families = read_sections(path)
    assert len(families) == 9
    assert {one.heading for family in families for by in family.sections.values() for one in by.values()} == {
        f"Install the printer {page}" for page in range(9)
    }


def test_the_loss_is_small_for_right_pairs_and_spares_copies() -> None:
    queries = torch.eye(4, 8)
    assert contrast(queries, queries) < 1e-3 < contrast(queries, queries.roll(1, 0) * 0.05 + 0.01)
    # The first passage stands a second time: nearer than the right one by more than the margin.
    passages = torch.eye(4, 8)
    passages[0], passages[1] = torch.tensor([0.8, 0.6] + [0.0] * 6), torch.eye(4, 8)[0]
    assert contrast(queries[:1].repeat(4, 1), passages)[()] >= 0
    assert contrast(queries, passages) < contrast(queries, passages.flip(0))
