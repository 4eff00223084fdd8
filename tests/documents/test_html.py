"""HTML."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from everask.documents.draft import Draft
from everask.documents.html import declared_charset

Parse = Callable[..., Draft]

PAGE = """<!doctype html><html><head><title>A &amp; B</title><style>p{}</style><script>var x</script></head>
<body><nav>Home</nav><main><h1>Warranty</h1><p>Two <b>ye</b>ars<br>from <i>purchase</i>.</p>
<p style="color:red; display: none">secret</p><div hidden>secret</div><p aria-hidden="true">seen</p>
<ul><li>one<ul><li>nested</li></ul></li><li>two</li></ul>
<table><thead><tr><th>Region</th><th>Revenue</th></tr></thead>
<tr><td rowspan=2>EMEA</td><td>4.2</td></tr><tr><td>5.1</td></tr></table>
<pre>  keep
    this</pre><img src=x alt="A red door"><ruby>漢<rt>kan</rt></ruby>字
<noscript>nothing</noscript></main><footer>Imprint</footer></body></html>"""


def test_blocks(parse: Parse) -> None:
    draft = parse("html", PAGE.encode())
    found = [(block.kind, draft.text[block.start : block.end]) for block in draft.blocks]
    assert found == [
        ("heading", "Warranty"),
        ("text", "Two years\nfrom purchase."),
        ("text", "seen"),
        ("list", "one"),
        ("list", "nested"),
        ("list", "two"),
        ("table", "Region | Revenue"),
        ("table", "EMEA | 4.2"),
        ("table", " | 5.1"),
        ("code", "  keep\n    this"),
        ("text", "A red door 漢字"),
    ]
    assert draft.title == "A & B"
    assert draft.warnings == ["hidden text was left out"]


@pytest.mark.parametrize(
    ("around", "kept"),
    [
        ("<header><a href=/><p>Help 7.4</p></a><button>Modules</button></header>", ""),
        ("<nav><a href=/a>A long entry of a menu with many words</a></nav>", ""),
        ("<footer><h3>Page information:</h3><p>Title is: Footnotes</p></footer>", ""),
        ("<aside><label>Contents</label></aside>", ""),
        ("<footer><p>Acme</p><p>Tel. 030 1234 567</p></footer>", "Acme\n\nTel. 030 1234 567"),
        ("<footer><p>mail@acme.example</p></footer>", "mail@acme.example"),
        ("<footer><p>Closed on Sundays.</p></footer>", "Closed on Sundays."),
        (
            "<aside>Footnotes stand below the line of a page</aside>",
            "Footnotes stand below the line of a page",
        ),
        ("<article><header>By Ada</header></article>", "By Ada"),
    ],
)
def test_what_stands_around_a_page_is_left_out_where_it_says_nothing(
    parse: Parse, around: str, kept: str
) -> None:
    page = f"<title>Footnotes</title><body><div>{around}</div><h1>Footnotes</h1><p>Click OK.</p></body>"
    text = parse("html", page.encode()).text
    assert text.split("Footnotes\n\nClick OK.")[0].strip() == kept


def test_what_stands_in_another_part_belongs_to_it(parse: Parse) -> None:
    """So each is looked at once, however deep they nest: 5,000 took minutes."""
    nested = "<aside>" * 4_900 + "A long sentence that says something. " * 25_000 + "</aside>" * 4_900
    text = parse("html", f"<h1>Footnotes</h1>{nested}<p>Click OK.</p>".encode()).text
    assert text.count("A long sentence") == 25_000 and text.rstrip().endswith("Click OK.")


def test_labels_alone_are_the_page_where_it_has_no_part_of_its_own(parse: Parse) -> None:
    assert parse("html", b"<body><header>Acme</header><nav>Home</nav></body>").text.split() == [
        "Acme",
        "Home",
    ]


def test_layout_table_flows(parse: Parse) -> None:
    draft = parse("html", b"<table><tr><td><h2>Menu</h2><p>a</p></td><td><p>b</p></td></tr></table>")
    assert [block.kind for block in draft.blocks] == ["heading", "text", "text"]


def test_declared_charset(parse: Parse) -> None:
    data = '<meta charset="koi8-r"><p>Гарантия два года</p>'.encode("koi8-r")
    assert declared_charset(data) == "koi8-r"
    assert "Гарантия два года" in parse("html", data).text


def test_deep_nesting_is_quick(parse: Parse) -> None:
    for tag in ("div", "b", "table><tr><td", "ul><li", "svg", "blockquote"):
        begun = time.monotonic()
        draft = parse("html", f"<{tag}>".encode() * 60_000 + b"needle")
        assert time.monotonic() - begun < 5
        assert "needle" in draft.text or tag == "svg"


def test_broken_markup(parse: Parse) -> None:
    for data in (b"", b"<", b"<p>needle", b"<!--", b"<table><td>needle", b"<p>a</p></html><p>b</p>"):
        parse("html", data)
    assert "needle" in parse("html", b"<table><td>needle").text
