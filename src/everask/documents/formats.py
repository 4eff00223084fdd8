"""Which parser reads which kind of file. The one place that knows all formats."""

from __future__ import annotations

from collections.abc import Callable

from everask.documents.csv import parse_csv
from everask.documents.docx import parse_docx
from everask.documents.draft import Draft
from everask.documents.epub import parse_epub
from everask.documents.html import parse_html
from everask.documents.json_lines import parse_json, parse_jsonl
from everask.documents.markdown import parse_markdown
from everask.documents.ocr import parse_image
from everask.documents.odf import parse_odp, parse_ods, parse_odt
from everask.documents.pdf import parse_pdf
from everask.documents.plain import parse_code, parse_text
from everask.documents.pptx import parse_pptx
from everask.documents.rtf import parse_rtf
from everask.documents.xlsx import parse_xlsx

Parser = Callable[[bytes, Draft], None]

PARSERS: dict[str, Parser] = {
    "code": parse_code,
    "csv": parse_csv,
    "docx": parse_docx,
    "epub": parse_epub,
    "html": parse_html,
    "image": parse_image,
    "json": parse_json,
    "jsonl": parse_jsonl,
    "markdown": parse_markdown,
    "odp": parse_odp,
    "ods": parse_ods,
    "odt": parse_odt,
    "pdf": parse_pdf,
    "pptx": parse_pptx,
    "rtf": parse_rtf,
    "text": parse_text,
    "xlsx": parse_xlsx,
}
