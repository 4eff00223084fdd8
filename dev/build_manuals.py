"""Makes the corpus that search is trained on: parallel manuals from Debian, as sections.

Usage: python dev/build_manuals.py

Fetches packages (apt-get download, dpkg-deb; nothing is installed) and writes .bench/manuals/sections.jsonl:
{"page", "number", "language", "heading", "text"}, the same page and number in every language that has the
page with the same structure. Left out, for they are what results are reported on: LibreOffice's help on
Writer, developers-reference, debian-faq, debian-handbook, installation-guide, aptitude-doc.
Licences: LibreOffice's help MPL-2.0; GNOME's CC BY-SA 3.0; GIMP's GFDL 1.2; debian-reference and
maint-guide GPL-2+.
"""

from __future__ import annotations

import json
import subprocess
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from debian_packages import unpack
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from everask import text

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".bench" / "manuals"
SECTIONS = WORK / "sections.jsonl"

LIBREOFFICE = (
    "ca cs da de el en-us es et eu fi fr gl hi hu id it ja km ko nl pl pt-br ru sl sv tr vi zh-cn zh-tw"
)
GIMP = "ca cs da de el en es fa fi fr hr hu it ja ko lt nl nn pt pt-br ro ru sl sv uk zh-cn"
REFERENCE = "de en es fr id it ja pt pt-br zh-cn zh-tw"
GUIDE = "ca de en es fr it ja ru vi zh-cn zh-tw"
GNOME = (
    "C as ca cs da de el es fa fi fr gl gu he hi hr hu id it ja kn ko lt lv mr nl pa pl pt_BR ro ru sl sr "
    "sv ta te tr uk vi zh_CN"
)
NAMES = {"en-us": "en", "C": "en", "nn": "no"}
DENSE = frozenset({"ja", "ko", "zh", "km"})
MOST_PAGES = 900
LEAST_CHARACTERS, MOST_CHARACTERS = 90, 900

Sections = list[tuple[str, str]]


def fetch(package: str) -> Path | None:
    """The folder of a package's files; None where Debian has none for that language."""
    try:
        return unpack(package, WORK / "packages")
    except subprocess.CalledProcessError:
        print(f"no package {package}", flush=True)
        return None


def language_name(one: str) -> str:
    """A source's name of a language as ISO 639-1; both scripts of Chinese are zh."""
    return NAMES.get(one, one).replace("_", "-").partition("-")[0]


def read_html(path: Path) -> Sections:
    """Headings of an HTML page with the text under them."""
    page = LexborHTMLParser(path.read_bytes())
    root = page.css_first("#DisplayArea") or page.body
    found: Sections = []
    if root is None:
        return found
    for node in root.css("h1, h2, h3, h4, h5, p, li, td, dt, dd, pre"):
        words = " ".join(node.text(separator=" ").split())
        if node.tag in ("h1", "h2", "h3", "h4", "h5"):
            found.append((words, ""))
        elif found and words and len(found[-1][1]) < MOST_CHARACTERS and words not in found[-1][1]:
            found[-1] = (found[-1][0], f"{found[-1][1]} {words}".strip())
    return found


def read_mallard(path: Path) -> Sections:
    """Titles of a page of GNOME's help with the text under them."""
    page = etree.parse(str(path), etree.XMLParser(resolve_entities=False, recover=True)).getroot()
    space = "{http://projectmallard.org/1.0/}"
    found: Sections = []
    for node in page.iter(f"{space}title", f"{space}p"):
        above = {one.tag for one in node.iterancestors()}
        if f"{space}info" in above:
            continue
        words = " ".join("".join(node.itertext()).split())
        if node.tag == f"{space}title" and not above & {f"{space}note", f"{space}steps", f"{space}list"}:
            found.append((words, ""))
        elif found and words and len(found[-1][1]) < MOST_CHARACTERS:
            found[-1] = (found[-1][0], f"{found[-1][1]} {words}".strip())
    return found


def sources() -> Iterator[tuple[str, str, Path, str]]:
    """(source, language, folder, pattern) of everything."""
    for one in LIBREOFFICE.split():
        files = fetch(f"libreoffice-help-{one}")
        if files:
            # Beside the language there may be a folder of styles; zh-CN and pt-BR are written as they please.
            roots = (files / "usr/share/libreoffice/help").iterdir()
            root = next(path for path in roots if path.name.lower() == one and (path / "text").is_dir())
            yield "libreoffice", one, root / "text", "*/*/*.html"
    for one in GIMP.split():
        files = fetch(f"gimp-help-{one}")
        if files:
            root = next((files / "usr/share/gimp").glob("*/help"))
            yield "gimp", one, next(path for path in root.iterdir() if path.is_dir()), "*.html"
    for name, languages in (("debian-reference", REFERENCE), ("maint-guide", GUIDE)):
        for one in languages.split():
            files = fetch("maint-guide" if (name, one) == ("maint-guide", "en") else f"{name}-{one}")
            folders = sorted({path.parent for path in files.rglob("*.html")}) if files else []
            for folder in folders[:1]:
                yield name, one, folder, "*.html"
    files = fetch("gnome-user-docs")
    if files:
        for one in GNOME.split():
            yield "gnome", one, files / "usr/share/help" / one / "gnome-help", "*.page"


def page_name(source: str, path: Path, folder: Path) -> str:
    """A page's name in all languages: without the folder, and without the language in the file's name."""
    name = str(path.relative_to(folder))
    return f"{source}/{name.split('.')[0] if source in ('debian-reference', 'maint-guide') else name}"


def read_source(job: tuple[str, str, Path, str]) -> list[dict[str, object]]:
    """The sections of one source in one language."""
    source, one, folder, pattern = job
    language = language_name(one)
    paths = [path for path in sorted(folder.glob(pattern)) if "swriter" not in path.parts]
    # Evenly spread, and the same pages in all languages whose package has them: chosen by name.
    names = {path: page_name(source, path, folder) for path in paths}
    chosen = [path for path in paths if len(paths) <= MOST_PAGES or is_chosen(names[path], len(paths))]
    rows: list[dict[str, object]] = []
    for path in chosen:
        sections = read_html(path) if path.suffix == ".html" else read_mallard(path)
        for number, (heading, body) in enumerate(sections):
            row = make_row(heading, body, language)
            if row:
                place = {"page": names[path], "sections": len(sections), "number": number}
                rows.append({**place, "locale": one, **row})
    return rows


def is_chosen(name: str, total: int) -> bool:
    """Whether a page of a large manual is taken, at random but alike in all languages."""
    return zlib.crc32(name.encode()) % total < MOST_PAGES


def make_row(heading: str, body: str, language: str) -> dict[str, object] | None:
    """A section that is long enough and in its language."""
    heading, body = text.clean(heading), text.clean(body)
    least = LEAST_CHARACTERS // 3 if language in DENSE else LEAST_CHARACTERS
    if len(heading) < 2 or len(body) < least or text.language_of(body) != language:
        return None
    return {"language": language, "heading": heading, "text": body[:MOST_CHARACTERS]}


def main() -> None:
    """Fetch, read and write."""
    jobs = list(sources())
    num_rows = 0
    beside = SECTIONS.with_suffix(".new")
    with ProcessPoolExecutor(2) as pool, beside.open("w", encoding="utf-8") as stream:
        for job, rows in zip(jobs, pool.map(read_source, jobs), strict=True):
            for row in rows:
                stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            num_rows += len(rows)
            print(f"{job[0]} {job[1]}: {len(rows)} sections", flush=True)
    beside.replace(SECTIONS)
    print(f"{num_rows} sections in {SECTIONS}")


if __name__ == "__main__":
    main()
