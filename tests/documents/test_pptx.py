"""PPTX, as python-pptx writes it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from everask.documents.draft import Draft

Parse = Callable[..., Draft]


def deck() -> bytes:
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.placeholders[1].text = "first\nsecond"
    slide.shapes.title.text = "The warranty"
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, 1, 1).text_frame.text = "in a group"
    slide.notes_slide.notes_text_frame.text = "Say this aloud."
    table = presentation.slides.add_slide(presentation.slide_layouts[5])
    table.shapes.title.text = "Numbers"
    grid = table.shapes.add_table(2, 2, 0, 0, Inches(4), Inches(1)).table
    for at, text in enumerate(["Region", "Years", "日本", "3"]):
        grid.cell(at // 2, at % 2).text = text
    untyped: Any = CategoryChartData
    data = untyped()
    data.categories = ["East", "West"]
    data.add_series("Sales", (1.5, 2.5))
    table.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(2), Inches(2), data)
    hidden = presentation.slides.add_slide(presentation.slide_layouts[5])
    hidden.shapes.title.text = "Never shown"
    hidden.element.set("show", "0")
    buffer = io.BytesIO()
    presentation.save(buffer)
    return buffer.getvalue()


def test_slides(parse: Parse) -> None:
    draft = parse("pptx", deck())
    found = [(block.page, block.kind, draft.text[block.start : block.end]) for block in draft.blocks]
    assert found == [
        (1, "heading", "The warranty"),
        (1, "list", "first"),
        (1, "list", "second"),
        (1, "text", "in a group"),
        (1, "text", "Say this aloud."),
        (2, "heading", "Numbers"),
        (2, "table", "Region | Years"),
        (2, "table", "日本 | 3"),
        (2, "figure", "Sales\nEast\nWest\n1.5\n2.5"),
    ]
    assert [(page.number, page.width, page.height) for page in draft.pages] == [(1, 720, 540), (2, 720, 540)]
    assert draft.warnings == ["hidden slide 3 was left out"]
