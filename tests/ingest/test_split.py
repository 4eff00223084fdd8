"""Passages: spans, sizes, headings, tables, languages."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from everask.documents.draft import Draft, Limits
from everask.ingest import SplitSettings, count_tokens, split
from everask.types import BlockKind, Document


def _document(draft: Draft, language: str = "en", title: str = "") -> Document:
    return Document(
        id="d",
        name="d",
        uri="file:///d",
        title=title,
        media_type="text/plain",
        content="0",
        language=language,
        modified=0.0,
        size=0,
        text=draft.text,
        blocks=tuple(draft.blocks),
        pages=tuple(draft.pages),
    )


def _draft() -> Draft:
    return Draft(Limits(), "text/plain")


SENTENCE = "The pump must be switched off before the cover of the filter is opened by anyone. "


def test_long_sections_are_divided_evenly_at_sentences() -> None:
    draft = _draft()
    draft.heading("Filter", 1)
    draft.add("text", SENTENCE * 30)
    passages = split(_document(draft))
    sizes = [count_tokens(passage.indexed) for passage in passages]
    assert len(passages) > 2
    assert all(80 <= size <= 180 for size in sizes)
    assert all(passage.text.endswith("anyone.") for passage in passages)


def test_headings_are_a_path_and_stay_out_of_the_text() -> None:
    draft = _draft()
    draft.heading("Pumps", 1)
    draft.heading("Filter", 2)
    draft.add("text", SENTENCE)
    draft.heading("Valve", 2)
    draft.add("text", SENTENCE)
    draft.heading("Appendix", 1)
    passages = split(_document(draft, title="Manual"))
    assert [passage.headings for passage in passages] == [
        ("Manual", "Pumps", "Filter"),
        ("Manual", "Pumps", "Valve"),
        ("Manual",),
    ]
    assert "Filter" not in passages[0].indexed
    assert passages[2].kind == "heading"
    assert passages[2].text == "Appendix"


def test_file_names_that_are_numbers_are_no_headings() -> None:
    draft = _draft()
    draft.add("text", SENTENCE)
    for name, title, headings in (
        ("scans/scan-0012", "scan-0012", ()),
        ("Pump manual", "Pump manual", ("Pump manual",)),
        ("d", "Pump 7", ("Pump 7",)),
    ):
        document = replace(_document(draft, title=title), name=name)
        assert split(document)[0].headings == headings


def test_rows_carry_their_header_only_in_what_is_indexed() -> None:
    draft = _draft()
    draft.table([["Region", "Revenue"], ["EMEA", "4.2"], ["APAC", ""]], has_header=True)
    draft.add("text", SENTENCE)
    table, prose = split(_document(draft))
    assert table.kind == "table"
    assert table.text == "Region | Revenue\nEMEA | 4.2\nAPAC |"
    assert table.indexed == "Region: EMEA | Revenue: 4.2\nRegion: APAC"
    assert prose.kind == "text"


def test_a_huge_table_becomes_passages_of_several_rows() -> None:
    draft = _draft()
    rows = [[f"Item {number}", f"{number * 3} pieces", "in stock"] for number in range(3000)]
    draft.table([["Name", "Amount", "State"], *rows], has_header=True)
    passages = split(_document(draft))
    assert all(passage.text.count("\n") >= 3 for passage in passages[:-1])
    assert sum(passage.indexed.count("Name: Item") for passage in passages) == 3000


def test_a_document_without_blocks_is_divided_at_blank_lines() -> None:
    document = _document(_draft())
    text = "First paragraph.\n\nSecond one\nwraps.\n"
    whole = replace(document, text=text)
    (passage,) = split(whole)
    assert passage.indexed == "First paragraph.\nSecond one wraps."


def test_each_passage_has_its_own_language() -> None:
    draft = _draft()
    draft.heading("Garantie", 1)
    draft.add("text", "Die Garantie gilt zwei Jahre ab dem Tag, an dem das Gerät gekauft wurde.")
    draft.heading("Warranty", 1)
    draft.add("text", "The warranty is valid for two years from the day on which it was bought.")
    draft.heading("保修", 1)
    draft.add("text", "保修期为自购买之日起两年，请妥善保管发票和保修卡，以便日后使用。")
    assert [passage.language for passage in split(_document(draft))] == ["de", "en", "zh"]


def test_words_cut_by_a_line_are_indexed_whole() -> None:
    draft = _draft()
    draft.add("text", "The war-\nranty of the soft\u00adware.")
    assert split(_document(draft))[0].indexed == "The warranty of the software."


def test_pages_end_passages() -> None:
    draft = _draft()
    for number in (1, 2):
        draft.begin_page(number)
        draft.add("text", SENTENCE * 4)
        draft.end_page()
    assert [passage.page for passage in split(_document(draft))] == [1, 2]


KINDS: tuple[BlockKind, ...] = ("heading", "text", "list", "table", "code", "figure")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.text(max_size=400)), max_size=12))
def test_passages_are_slices_in_order_and_lose_no_word(blocks: list[tuple[BlockKind, str]]) -> None:
    draft = _draft()
    for kind, text in blocks:
        draft.add(kind, text, level=1 if kind == "heading" else 0)
    document = _document(draft, language="und")
    passages = split(document, SplitSettings(least=5, enough=10, most=20))
    end = 0
    for number, passage in enumerate(passages):
        assert passage.ordinal == number
        assert passage.text == document.text[passage.start : passage.end]
        assert passage.start >= end
        end = passage.end
    covered = {index for passage in passages for index in range(passage.start, passage.end)}
    for block in document.blocks:
        if block.kind != "heading":
            words = [index for index in range(block.start, block.end) if document.text[index].isalnum()]
            assert covered.issuperset(words)
