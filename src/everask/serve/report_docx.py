"""A report as a Word file: paragraphs with their direction and language, so that Word shapes every script."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from xml.sax.saxutils import escape

from everask.serve.page_images import Crop
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
    '<Default Extension="png" ContentType="image/png"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.styles+xml"/></Types>'
)
_RELATED = f"{_SPACE}/officeDocument/2006/relationships"
_RELATION = f'<Relationship Id="{{id}}" Type="{_RELATED}/{{kind}}" Target="{{target}}"/>'
_DRAWING = f"{_SPACE}/drawingml/2006"
_EMU = 12_700  # in a point
_MOST_WIDE = 451.0  # points between the margins of a page
_PICTURE = (
    '<w:p><w:pPr><w:pStyle w:val="Normal"/></w:pPr><w:r><w:drawing>'
    f'<wp:inline xmlns:wp="{_DRAWING}/wordprocessingDrawing" distT="0" distB="0" distL="0" distR="0">'
    '<wp:extent cx="{wide}" cy="{high}"/><wp:docPr id="{number}" name="{name}" descr="{said}"/>'
    f'<a:graphic xmlns:a="{_DRAWING}/main"><a:graphicData uri="{_DRAWING}/picture">'
    f'<pic:pic xmlns:pic="{_DRAWING}/picture"><pic:nvPicPr><pic:cNvPr id="{{number}}" name="{{name}}"/>'
    "<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>"
    f'<a:blip xmlns:r="{_RELATED}" r:embed="{{name}}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
    '<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="{wide}" cy="{high}"/></a:xfrm>'
    '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom><a:ln w="6350"><a:solidFill><a:srgbClr val="C9C5BC"/>'
    "</a:solidFill></a:ln></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    "</w:r></w:p>"
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
    pictures = {f"p{number}": crop.png for number, crop in sorted(report.crops.items())}
    within = [("r1", "styles", "styles.xml"), *((name, "image", f"media/{name}.png") for name in pictures)]
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _relations([("r1", "officeDocument", "word/document.xml")]),
        "word/_rels/document.xml.rels": _relations(within),
        "word/document.xml": document,
        "word/styles.xml": _STYLES,
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), head + text, zipfile.ZIP_DEFLATED)
        for name, png in pictures.items():
            archive.writestr(zipfile.ZipInfo(f"word/media/{name}.png", _MOMENT), png)
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
    crop = report.crops.get(place.number)
    pictures = [_picture(place, crop, report)] if crop else []
    return [quote, *pictures, _paragraph(source_words(place, report), "Source")]


def _picture(place: Place, crop: Crop, report: Report) -> str:
    """The place on its page, no wider than a page's text, with what it is in words."""
    scale = min(1.0, _MOST_WIDE / max(crop.width, 1.0))
    said = escape(_ILLEGAL.sub("", source_words(place, report)), {'"': "&quot;"})
    wide, high = (round(_EMU * scale * one) for one in (crop.width, crop.height))
    return _PICTURE.format(wide=wide, high=high, number=place.number, name=f"p{place.number}", said=said)


def _relations(related: Iterable[tuple[str, str, str]]) -> str:
    each = "".join(_RELATION.format(id=id, kind=kind, target=target) for id, kind, target in related)
    return f'<Relationships xmlns="{_SPACE}/package/2006/relationships">{each}</Relationships>'


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
