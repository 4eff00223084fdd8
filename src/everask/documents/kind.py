"""What kind of file this is, by its content; the name is only a hint between kinds of text.

Knows magic numbers and what text looks like. Does not parse: a file may still turn out damaged.
"""

from __future__ import annotations

import io
import re
import zipfile

from everask.documents.decode import decode, looks_like_utf16
from everask.errors import UnreadableError

_SAMPLE_BYTES = 65_536
_HEAD_CHARS = 4_096
_MAX_CONTROL_SHARE = 0.02

LABELS = {
    "code": "Source code",
    "csv": "CSV",
    "docx": "Word document",
    "eml": "E-mail",
    "epub": "EPUB",
    "html": "HTML",
    "image": "Image",
    "json": "JSON",
    "jsonl": "JSON lines",
    "markdown": "Markdown",
    "mbox": "Mailbox",
    "odp": "OpenDocument presentation",
    "ods": "OpenDocument spreadsheet",
    "odt": "OpenDocument text",
    "pdf": "PDF",
    "pptx": "PowerPoint presentation",
    "rtf": "RTF",
    "text": "Text",
    "xlsx": "Excel workbook",
    "zip": "ZIP archive",
}

MEDIA_TYPES = {
    "code": "text/x-source",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eml": "message/rfc822",
    "epub": "application/epub+zip",
    "html": "text/html",
    "image": "image/*",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "markdown": "text/markdown",
    "mbox": "application/mbox",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "rtf": "application/rtf",
    "text": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}

_ENDINGS = {
    "csv": "csv", "tsv": "csv", "tab": "csv",
    "md": "markdown", "markdown": "markdown", "mdx": "markdown", "mkd": "markdown", "mdown": "markdown",
    "json": "json", "geojson": "json", "ipynb": "json", "webmanifest": "json",
    "jsonl": "jsonl", "ndjson": "jsonl",
    "htm": "html", "html": "html", "xhtml": "html", "xht": "html",
    "eml": "eml", "mht": "eml", "mhtml": "eml", "mbox": "mbox", "mbx": "mbox",
    "docx": "docx", "docm": "docx", "dotx": "docx", "dotm": "docx", "pptx": "pptx", "pptm": "pptx",
    "ppsx": "pptx", "potx": "pptx", "xlsx": "xlsx", "xlsm": "xlsx", "xltx": "xlsx", "odt": "odt",
    "ods": "ods", "odp": "odp", "epub": "epub", "zip": "zip", "pdf": "pdf", "rtf": "rtf",
    "png": "image", "jpg": "image", "jpeg": "image", "tif": "image", "tiff": "image", "webp": "image",
}  # fmt: skip
_CODE = """
    py pyi js mjs cjs ts tsx jsx java kt kts scala groovy c h cc cpp cxx hpp hh hxx cs go rs rb php pl pm
    swift m mm r jl lua sh bash zsh fish ps1 bat cmd sql css scss sass less vue svelte yaml yml toml ini
    cfg conf properties xml xsd xsl xslt svg graphql proto thrift tf hcl cmake gradle make mk asm s v vhd
    vhdl sv hs lhs ml mli fs fsx ex exs erl hrl clj cljs lisp el scm dart zig nim d pas f90 f95 f vb vbs
    asp aspx jsp ejs coffee diff patch awk sed tcl po pot
"""
_CODE_ENDINGS = frozenset(_CODE.split())
_CODE_NAMES = frozenset({"makefile", "dockerfile", "rakefile", "gemfile", "cmakelists.txt", "jenkinsfile"})

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2"),
)
_UNPACK = "Unpack it and add the folder, or pack it as ZIP."
_PROGRAM = ("a program, not a document", "Leave it out.")
_MEDIA = ("sound or video, which is not read", "Add a transcript of it instead.")
_FONT = ("a font, not a document", "Leave it out.")
_DATABASE = ("a data file of a program, not a document", "Export what it holds as CSV or JSON.")
_TO_PDF = "Convert it to PDF and add that."
_REFUSED: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (b"\x7fELF", _PROGRAM),
    (b"MZ", _PROGRAM),
    (b"\xcf\xfa\xed\xfe", _PROGRAM),
    (b"\xce\xfa\xed\xfe", _PROGRAM),
    (b"\xca\xfe\xba\xbe", _PROGRAM),
    (b"\x00asm", _PROGRAM),
    (b"\x1f\x8b", ("a gzip archive", _UNPACK)),
    (b"BZh", ("a bzip2 archive", _UNPACK)),
    (b"\xfd7zXZ\x00", ("an xz archive", _UNPACK)),
    (b"(\xb5/\xfd", ("a zstd archive", _UNPACK)),
    (b"7z\xbc\xaf\x27\x1c", ("a 7z archive", _UNPACK)),
    (b"Rar!\x1a\x07", ("a RAR archive", _UNPACK)),
    (b"SQLite format 3\x00", _DATABASE),
    (b"PAR1", _DATABASE),
    (b"\x93NUMPY", _DATABASE),
    (b"GGUF", _DATABASE),
    (b"\x89HDF", _DATABASE),
    (b"\xde\x12\x04\x95", _DATABASE),
    (b"\x95\x04\x12\xde", _DATABASE),
    (b"ID3", _MEDIA),
    (b"OggS", _MEDIA),
    (b"fLaC", _MEDIA),
    (b"\x1aE\xdf\xa3", _MEDIA),
    (b"OTTO", _FONT),
    (b"\x00\x01\x00\x00\x00", _FONT),
    (b"ttcf", _FONT),
    (b"wOFF", _FONT),
    (b"wOF2", _FONT),
    (b"%!PS", ("PostScript, which is not read", _TO_PDF)),
    (b"AT&TFORM", ("DjVu, which is not read", _TO_PDF)),
    (b"\xffWPC", ("WordPerfect, which is not read", "Open it and save it as .docx or .odt.")),
    (b"-----BEGIN PGP MESSAGE", ("encrypted with PGP", "Decrypt it and add the result.")),
)
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (
    ("EncryptedPackage", "protected by a password", "Open it, remove the password, save it, add it again."),
    ("WordDocument", "the old Word format (.doc)", "Open it and save it as .docx."),
    ("PowerPoint Document", "the old PowerPoint format (.ppt)", "Open it and save it as .pptx."),
    ("Workbook", "the old Excel format (.xls)", "Open it and save it as .xlsx."),
    ("Book", "the old Excel format (.xls)", "Open it and save it as .xlsx."),
    ("__substg1.0_", "an Outlook message (.msg)", "Save it as .eml."),
)

_HEADER = re.compile(r"[!-9;-~]+[ \t]*:.*")
_MAIL_HEADERS = re.compile(
    r"^(from|to|cc|subject|date|message-id|received|return-path|mime-version|content-type|delivered-to"
    r"|reply-to|sender|x-mailer|in-reply-to|references)[ \t]*:",
    re.IGNORECASE,
)
_HTML = re.compile(r"<(!doctype\s+html|html|head|body|title|meta|div|table|p|h[1-6]|article|ul|ol)\b", re.I)
_XML_ROOT = re.compile(r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)")


def sniff(data: bytes, name: str) -> str:
    """Return the kind of a file: a key of `LABELS`.

    Raises:
        UnreadableError: empty, a program, an old or foreign format; the message says what to do.
    """
    if not data:
        raise UnreadableError("an empty file", "There is nothing to read; add it again when it is filled.")
    if data.startswith(_OLE_MAGIC):
        raise _ole_error(data)
    if data.startswith(b"PK") and data[2:4] in (b"\x03\x04", b"\x05\x06", b"\x07\x08"):
        return _zip_kind(data)
    if _is_pdf(data):
        return "pdf"
    if data.startswith(b"{\\rtf"):
        return "rtf"
    if image_type(data):
        return "image"
    _refuse_known(data)
    return _text_kind(_sample_text(data), name)


def ending_kind(name: str) -> str | None:
    """The kind that the name claims, where it claims one."""
    ending = _ending(name)
    return _ENDINGS.get(ending) or ("code" if ending in _CODE_ENDINGS else None)


def image_type(data: bytes) -> str | None:
    """The media type of an image, by its first bytes."""
    for magic, media_type in _IMAGES:
        if data.startswith(magic):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"avif"):
        return "image/heic"
    if data[:2] == b"BM" and data[6:10] == b"\0\0\0\0" and len(data) > 54:
        return "image/bmp"
    return None


def _is_pdf(data: bytes) -> bool:
    head = data[:1024]
    at = head.find(b"%PDF-")
    return at == 0 or (at > 0 and (not head[:at].strip(b"\xef\xbb\xbf\0 \r\n\t") or b"endobj" in data))


def _zip_kind(data: bytes) -> str:
    """Which of the formats that are a ZIP inside; `zip` when it is none of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            mimetype = _mimetype(archive) if "mimetype" in names else ""
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise UnreadableError(
            "damaged: it begins as an office file or ZIP archive, but its directory cannot be read",
            "It may be cut off; get it again.",
        ) from error
    for part, kind in (("text", "odt"), ("spreadsheet", "ods"), ("presentation", "odp")):
        if mimetype.startswith(f"application/vnd.oasis.opendocument.{part}"):
            return kind
    if mimetype == "application/epub+zip" or "META-INF/container.xml" in names:
        return "epub"
    if "xl/workbook.bin" in names:
        raise UnreadableError("a binary Excel workbook (.xlsb)", "Open it and save it as .xlsx.")
    if "Index/Document.iwa" in names or "Index.zip" in names:
        raise UnreadableError("an Apple iWork file", "Export it as PDF or in an Office format.")
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", "docx"), ("ppt/", "pptx"), ("xl/", "xlsx")):
            if any(name.startswith(folder) for name in names):
                return kind
    return "zip"


def _mimetype(archive: zipfile.ZipFile) -> str:
    if archive.getinfo("mimetype").file_size > 200:
        return ""
    try:
        return archive.read("mimetype").decode("ascii", "replace").strip()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError, RuntimeError):
        return ""


def _ole_error(data: bytes) -> UnreadableError:
    for stream, what, hint in _OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            return UnreadableError(what, hint)
    return UnreadableError("an old binary office format", "Open it and save it in today's format.")


def _refuse_known(data: bytes) -> None:
    for magic, (what, hint) in _REFUSED:
        if data.startswith(magic) and (not magic.isalnum() or 0 in data[:64]):
            raise UnreadableError(what, hint)
    if data[257:262] == b"ustar":
        raise UnreadableError("a tar archive", _UNPACK)
    if data[4:8] == b"ftyp" or (data[:4] == b"RIFF" and data[8:12] in (b"WAVE", b"AVI ")):
        raise UnreadableError(*_MEDIA)
    if data[60:68] == b"BOOKMOBI":
        raise UnreadableError("a Kindle book", "Convert it to EPUB and add that.")


def _is_text(data: bytes) -> bool:
    """Few enough control characters, and no NUL unless it is UTF-16 or UTF-32."""
    sample = data[:_SAMPLE_BYTES]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")) or looks_like_utf16(sample):
        return True
    control = sum(sample.count(byte) for byte in (*range(8), *range(14, 27), *range(28, 32), 127))
    return control <= max(1, len(sample) * _MAX_CONTROL_SHARE) and sample.count(0) * 1000 <= len(sample)


def _sample_text(data: bytes) -> str:
    if not _is_text(data):
        raise UnreadableError(
            "binary data of no kind that is known", "Convert it to PDF, an office format or text."
        )
    return decode(data[:_SAMPLE_BYTES])[0]


def _text_kind(text: str, name: str) -> str:
    """Which kind of text: what the content says for certain, then the ending, then plain text."""
    head = text.lstrip("\ufeff \t\r\n")[:_HEAD_CHARS]
    if not head.strip():
        raise UnreadableError("a file of blanks only", "There is nothing to read.")
    claimed = ending_kind(name)
    if _is_mbox(head):
        return "mbox"
    if claimed not in ("code", "markdown", "csv") and _is_mail(head, certain=claimed == "eml"):
        return "eml"
    if markup := _markup_kind(head, claimed):
        return markup
    if claimed in ("csv", "markdown", "code", "jsonl"):
        return claimed
    if head[0] in "{[" and (claimed == "json" or _looks_like_json(head)):
        return "jsonl" if claimed != "json" and _is_jsonl(head) else "json"
    if _ending(name) == "" and (head.startswith("#!") or name.lower() in _CODE_NAMES):
        return "code"
    return "csv" if _is_tabbed(head) else "text"


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return ending.lower() if dot and stem else ""


def _markup_kind(head: str, claimed: str | None) -> str | None:
    """`html`, `code` for other XML, or None when it is no markup."""
    if not head.startswith("<") or claimed in ("markdown", "code"):
        return claimed if claimed == "html" and _HTML.search(head) else None
    bare = re.sub(r"<!--.*?(-->|$)|<\?.*?(\?>|$)|<!(?!doctype\s+html)[^>]*>", "", head, flags=re.S | re.I)
    if root := _XML_ROOT.match(bare.lstrip()):
        if root[2].lower() == "html" or (not head.startswith("<?xml") and _HTML.match(root[0] + " ")):
            return "html"
        return "code" if head.startswith("<?xml") else ("html" if _HTML.search(head) else None)
    return "html" if _HTML.match(bare.lstrip()) else None


def _is_mbox(head: str) -> bool:
    first, _, rest = head.partition("\n")
    return bool(re.match(r"From \S+.*\d{4}|From (-|\S+@\S+)", first)) and bool(_HEADER.match(rest))


def _is_mail(head: str, *, certain: bool) -> bool:
    """Do the first lines read as the headers of a message?"""
    known: set[str] = set()
    for line in head.splitlines():
        if not line.strip():
            break
        if found := _MAIL_HEADERS.match(line):
            known.add(found[1].lower())
        elif not _HEADER.match(line) and not line.startswith((" ", "\t")):
            return False
    strong = known & {"message-id", "received", "mime-version", "return-path", "date", "delivered-to"}
    return len(known) >= (1 if certain else 3) and bool(certain or strong)


def _looks_like_json(head: str) -> bool:
    return bool(re.match(r'\{\s*("([^"\\]|\\.)*"\s*:|\}\s*$)|\[\s*([\[{"\d-]|true|false|null|\]\s*$)', head))


def _is_jsonl(head: str) -> bool:
    lines = [line.strip() for line in head.splitlines()[:10] if line.strip()]
    whole = lines[:-1] if len(lines) > 1 else lines
    return len(lines) > 1 and all(line[0] == "{" and line[-1] == "}" for line in whole)


def _is_tabbed(head: str) -> bool:
    lines = [line for line in head.splitlines() if line.strip()][:-1]
    counts = {line.count("\t") for line in lines}
    return len(lines) >= 4 and len(counts) == 1 and counts != {0}
