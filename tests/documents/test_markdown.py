"""Markdown."""

from __future__ import annotations

from collections.abc import Callable

from everask.documents.draft import Draft

Parse = Callable[..., Draft]

PAGE = """---
title: The title
tags: [a]
---

# First *heading* #

Some **bold** text
over two lines.

Setext
------

- one
  more of one
- two

| Region | Revenue |
|:-------|--------:|
| EMEA   | 4.2     |
| a \\| b | 1       |

```python
# not a heading

x = 1
```

<!-- hidden -->
1. first
2) second

***
    indented code
"""


def test_blocks(parse: Parse) -> None:
    draft = parse("markdown", PAGE.encode())
    found = [(block.kind, block.level, draft.text[block.start : block.end]) for block in draft.blocks]
    assert found == [
        ("text", 0, "title: The title\ntags: [a]"),
        ("heading", 1, "First *heading*"),
        ("text", 0, "Some **bold** text\nover two lines."),
        ("heading", 2, "Setext"),
        ("list", 0, "- one\n  more of one"),
        ("list", 0, "- two"),
        ("table", 0, "Region | Revenue"),
        ("table", 0, "EMEA | 4.2"),
        ("table", 0, "a \\| b | 1"),
        ("code", 0, "# not a heading\n\nx = 1"),
        ("list", 0, "1. first"),
        ("list", 0, "2) second"),
        ("code", 0, "    indented code"),
    ]
    assert draft.title == "The title"
    header = draft.blocks[6]
    assert draft.blocks[7].header == (header.start, header.end)


def test_open_fence_and_nothing(parse: Parse) -> None:
    assert parse("markdown", b"```\nnever closed").blocks[0].kind == "code"
    assert parse("markdown", b"").blocks == []
