"""A report as a Word file: paragraphs with their direction and language, so that Word shapes every script."""

from __future__ import annotations

import io
import re
import zipfile
from xml.sax.saxutils import escape

from everask.serve.rendering import ClaimView, Place, flow
from everask.serve.report import Report, is_right_to_left, source_words

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the same answer makes the same bytes
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_SPACE = "http://schemas.openxmlformats.org"
_WORD = f"{_SPACE}/wordprocessingml/2006/main"
_TYPES = (
    f'<Types xmlns="{_SPACE}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.styles+xml"/></Types>'
)
_RELATIONS = (
    f'<Relationships xmlns="{_SPACE}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_SPACE}/officeDocument/2006/relationships/{{kind}}" Target="{{target}}"/></Relationships>'
)
_STYLES = (
    f'<w:styles xmlns:w="{_WORD}"><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="22"/></w:rPr>'
    '</w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="140" w:line="276" w:lineRule="auto"/></w:pPr>'
    '</w:pPrDefault></w:docDefaults>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:rPr><w:b/><w:sz w:val="34"/>'
    '</w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:pPr><w:spacing '
    'w:before="280"/><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:b/><w:sz w:val="26"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Quote"><w:name w:val="Quote"/><w:pPr><w:pBdr><w:left '
    'w:val="single" w:sz="18" w:space="8" w:color="D9B84A"/></w:pBdr><w:ind w:left="240"/></w:pPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Source"><w:name w:val="Source"/><w:rPr><w:color '
    'w:val="5D6164"/><w:sz w:val="19"/></w:rPr></w:style></w:styles>'
)  # fmt: skip


def docx_of(report: Report) -> bytes:
    """The report as a Word file."""
    body = "".join(_body(report))
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _RELATIONS.format(kind="officeDocument", target="word/document.xml"),
        "word/_rels/document.xml.rels": _RELATIONS.format(kind="styles", target="styles.xml"),
        "word/document.xml": document,
        "word/styles.xml": _STYLES,
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), head + text, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _body(report: Report) -> list[str]:
    say, answer = report.say, report.answer
    written = [_paragraph(report.question, "Title")]
    if answer.abstained:
        written.append(_paragraph(say("Your documents don’t say."), "Heading2"))
        written += [_paragraph(one) for one in answer.looked_for]
    for claim in answer.claims:
        if claim.heading:
            written.append(_paragraph(claim.heading, "Heading2"))
        written.append(_sentence(claim))
    for note in answer.notes:
        numbers = "".join(f"[{one.number}]" for one in note.places)
        written.append(_paragraph(f"{say(note.label)}: {note.text} {numbers}".rstrip()))
    if report.sources:
        heading = "The nearest passages" if answer.abstained else "The words behind it"
        written.append(_paragraph(say(heading), "Heading2"))
    for place in report.sources:
        written += _source(place, report)
    return [*written, _paragraph(f"Everask, {report.made}", "Source")]


def _sentence(claim: ClaimView) -> str:
    numbers = "".join(f"[{one.number}]" for one in claim.places)
    if claim.verbatim:
        return _paragraph(f"{flow(claim.text)} {numbers}", "Quote", claim.language)
    return _paragraph(f"{claim.text} {numbers} ({claim.percent}%)")


def _source(place: Place, report: Report) -> list[str]:
    quote = _paragraph(f"[{place.number}] “{flow(place.quote)}”", "Quote", place.language)
    return [quote, _paragraph(source_words(place, report), "Source")]


def _paragraph(text: str, style: str = "Normal", language: str = "") -> str:
    """One paragraph; lines within it are broken as they are in the text."""
    text = _ILLEGAL.sub("", text)
    from_right = is_right_to_left(language) or _is_mostly_right_to_left(text)
    lines = "<w:br/>".join(f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n"))
    direction = "<w:bidi/>" if from_right else ""
    spoken = f'<w:lang w:val="{escape(language)}" w:bidi="{escape(language)}"/>' if language.isalpha() else ""
    look = f"<w:rPr>{'<w:rtl/>' if from_right else ''}{spoken}</w:rPr>" if from_right or spoken else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{direction}</w:pPr><w:r>{look}{lines}</w:r></w:p>'


def _is_mostly_right_to_left(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    return letters > 0 and 2 * len(_RIGHT_TO_LEFT.findall(text)) > letters
