"""What can be cited: sentences and rows, with spans that give exactly their text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from everask.read.candidates import MAX_QUOTE_CHARS, list_candidates, quote_end
from everask.types import DocumentInfo, Hit, Passage


def make_hit(text: str, language: str = "en", *, indexed: str = "", table: bool = False) -> Hit:
    """A hit on a passage at offset 100 of its document, under two headings."""
    passage = Passage(
        1, "d", 0, 100, 100 + len(text), text, indexed or text, language, ("Part", "Chapter"),
        kind="table" if table else "text",
    )  # fmt: skip
    info = DocumentInfo("d", "d", "file:///d", "d", "text/plain", language, 0.0, 9, 1)
    return Hit(passage, info, 0.5, {"lexical": 0.5})


def test_sentences_know_their_neighbours_and_headings() -> None:
    found = list_candidates([make_hit("It rains. It pours! Is it 3.5 mm? Yes.")])
    assert [one.text for one in found] == ["It rains.", "It pours!", "Is it 3.5 mm?", "Yes."]
    assert found[1].around == "It rains. Is it 3.5 mm?"
    assert found[0].context == "Part > Chapter"


def test_rows_carry_their_header_as_context() -> None:
    hit = make_hit(
        "EMEA | 4.2\nAPAC | 3.9", indexed="Region: EMEA | Sales: 4.2\nRegion: APAC | Sales: 3.9", table=True
    )
    found = list_candidates([hit])
    assert [one.text for one in found] == ["EMEA | 4.2", "APAC | 3.9"]
    assert "Region: APAC | Sales: 3.9" in found[1].context


def test_a_header_is_no_row() -> None:
    hit = make_hit("Region | Sales\nEMEA | 4.2", indexed="Region: EMEA | Sales: 4.2", table=True)
    (row,) = list_candidates([hit])
    assert row.text == "EMEA | 4.2"
    assert "Region: EMEA" in row.context


def test_a_text_that_comes_twice_is_taken_once() -> None:
    assert len(list_candidates([make_hit("Same words."), make_hit("same  words.")])) == 1


def test_endless_sentences_are_cut_at_pauses() -> None:
    found = list_candidates([make_hit("".join(f"word{at}, " for at in range(400)))])
    assert len(found) > 3 and all(0 < one.end - one.start <= MAX_QUOTE_CHARS for one in found)
    assert all(one.text.endswith(",") for one in found)


@given(st.text(alphabet="ab 。.!\n|？ٔ\u200b字", max_size=900), st.booleans())
def test_spans_give_their_text(text: str, table: bool) -> None:
    for one in list_candidates([make_hit(text, table=table)]):
        assert one.text == text[one.start : one.end] and one.text.strip() == one.text != ""


def test_what_a_colon_announces_belongs_to_the_quote() -> None:
    text = "It rains. You need:\n- a hat\n- a coat\n\nThat is all."
    first, announcing, *_ = list_candidates([make_hit(text)])
    assert quote_end(first) == first.end
    assert text[announcing.start : quote_end(announcing)].startswith("You need:\n- a hat\n- a coat")


def test_an_announced_list_is_cut_at_a_line_before_the_quote_is_too_long() -> None:
    text = "You need:\n" + "".join(f"- item {number} {'x' * 200}\n" for number in range(9))
    announcing = list_candidates([make_hit(text)])[0]
    quote = text[announcing.start : quote_end(announcing)]
    assert len(quote) <= MAX_QUOTE_CHARS
    assert quote.endswith("x") and quote.count("item") == 2
