"""A stream is cut into sentences whatever its pieces are, and markup never leaves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from everask.answer.check import Sentence
from everask.answer.drafts import Drafts, declines

REPLY = "It lasts 3.5 years [1]\nSee part 2 for more. [2] The end"
WANTED = [Sentence("It lasts 3.5 years", (1,)), Sentence("See part 2 for more.", (2,)), Sentence("The end")]


@given(st.lists(st.integers(1, len(REPLY) - 1), max_size=12))
def test_pieces_do_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(set(cuts)), len(REPLY)]
    drafts = Drafts()
    found: list[Sentence] = []
    shown = ""
    for left, right in zip(edges, edges[1:], strict=False):  # noqa: RUF007
        sentences, text = drafts.feed(REPLY[left:right])
        found += sentences
        shown += text
    assert found + drafts.end() == WANTED
    assert "[" not in shown and "3.5 years" in shown


def test_markup_and_control_tokens_are_taken_out() -> None:
    drafts = Drafts()
    found, shown = drafts.feed("# **Yes** <img src=x> `it` ![a](http://e.com/x) does<|im_end|> [3]")
    assert found[0].cited == (3,)
    assert not set("<>`*#") & set(found[0].text) and "e.com" not in found[0].text
    assert "<|" not in shown


def test_declining_is_heard_and_not_shown() -> None:
    drafts = Drafts()
    shown = drafts.feed("NOT")[1] + drafts.feed(" FOUND")[1]
    assert declines(drafts.end()) and shown == ""
    assert not declines([Sentence("Not finding it is easy.")])


def test_each_sentence_before_a_number_is_checked_by_itself() -> None:
    drafts = Drafts()
    found, _ = drafts.feed("It lasts 3.5 years. It is blue [1] [2]")
    assert [one.text for one in found + drafts.end()] == ["It lasts 3.5 years.", "It is blue"]
