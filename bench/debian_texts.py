"""Real text for benches: Debian's documentation in many languages, fetched once, kept under .bench/.

`python bench/debian_texts.py` writes .bench/passages.jsonl: 100,000 different passages, one a line,
from the help of LibreOffice (MPL-2.0) and the translated manual pages (GPL and others). It is data to
measure with, not to redistribute. Needs apt-get and dpkg-deb.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

BENCH = Path(__file__).parents[1] / ".bench"
HELP = ("en-us", "de", "fr", "es", "it", "ru", "ja", "zh-cn", "ko", "pt-br", "pl", "hi")
MANUALS = ("", "-dev", "-de", "-fr", "-es", "-ru", "-pl", "-ja", "-zh", "-pt-br", "-it")
PACKAGES = [f"libreoffice-help-{one}" for one in HELP] + [f"manpages{one}" for one in MANUALS]
UNSPACED = {"ja", "zh"}
NUM_PASSAGES = 100_000


def unpack_packages() -> Path:
    """Download and unpack the packages that are not there yet."""
    debs, files = BENCH / "debs", BENCH / "files"
    debs.mkdir(parents=True, exist_ok=True)
    files.mkdir(exist_ok=True)
    missing = [name for name in PACKAGES if not list(debs.glob(f"{name}_*.deb"))]
    if missing:
        subprocess.run(["apt-get", "download", "-q", *missing], cwd=debs, check=True)
    for name in PACKAGES:
        if not (files / name).exists():
            subprocess.run(
                ["dpkg-deb", "-x", str(next(debs.glob(f"{name}_*.deb"))), str(files / name)], check=True
            )
    return files


def read_help(path: Path) -> Iterator[str]:
    """Paragraphs of a page of LibreOffice's help."""
    tree = LexborHTMLParser(path.read_bytes())
    seen = ""
    for node in tree.css("h1, h2, h3, p, td, li"):
        text = " ".join(node.text(separator=" ").split())
        if text and text != seen:
            seen = text
            yield text


def read_manual(path: Path) -> Iterator[str]:
    """Paragraphs of a manual page, its markup taken off."""
    try:
        source = gzip.decompress(path.read_bytes()).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    paragraph: list[str] = []
    for line in source.splitlines():
        if re.match(r"[.']\s*(\\\"|TH|so|SH|SS|PP|P|LP|TP|IP|HP|RS|RE|nf|fi|sp)\b", line) or not line.strip():
            if paragraph:
                yield " ".join(paragraph)
            paragraph = []
        if line.startswith((".SH", ".SS")):
            paragraph.append(line[4:].strip('" '))
        elif not line.startswith((".", "'")) or re.match(r"\.(B|I|BR|IR|BI|RB|RI|IB|Nm|Fl|Ar)\b", line):
            words = re.sub(r"^\.\w+\s*", "", line)
            words = re.sub(r"\\(f[A-Z]|f\([A-Z]{2}|[&|/,^])", "", words)
            paragraph.append(words.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\"))
    if paragraph:
        yield " ".join(paragraph)


def group(paragraphs: Iterator[str], language: str) -> Iterator[str]:
    """Paragraphs joined and cut into passages of about 100 words."""
    wanted = 220 if language in UNSPACED else 650
    gathered = ""
    for paragraph in paragraphs:
        gathered = f"{gathered} {paragraph}".strip()
        while len(gathered) > 1.5 * wanted:
            cut = gathered.rfind(" ", 0, wanted)
            cut = cut if cut > wanted // 2 else wanted
            yield gathered[:cut].strip()
            gathered = gathered[cut:].strip()
        if len(gathered) >= wanted:
            yield gathered
            gathered = ""
    if len(gathered) > wanted // 4:
        yield gathered


def read_all(files: Path) -> Iterator[dict[str, str]]:
    """Every passage: file, language, text."""
    for path in sorted(files.glob("libreoffice-help-*/usr/share/libreoffice/help/*/text/**/*.html")):
        language = path.parts[path.parts.index("help") + 1].split("-")[0]
        for text in group(read_help(path), language):
            yield {"file": str(path.relative_to(files)), "language": language, "text": text}
    for path in sorted(files.glob("manpages*/usr/share/man/**/*.gz")):
        folder = path.parts[path.parts.index("man") + 1]
        language = "en" if folder.startswith("man") else re.split(r"[_.@]", folder)[0]
        for text in group(read_manual(path), language):
            yield {"file": str(path.relative_to(files)), "language": language, "text": text}


def load_passages(number: int = NUM_PASSAGES) -> list[dict[str, str]]:
    """So many different passages, in the order of their files; read from the cache when it is there."""
    cache = BENCH / "passages.jsonl"
    if not cache.exists():
        unique: dict[bytes, dict[str, str]] = {}
        for passage in read_all(unpack_packages()):
            unique.setdefault(hashlib.blake2b(passage["text"].encode(), digest_size=16).digest(), passage)
        everything = list(unique.values())
        chosen = sorted(random.Random(7).sample(range(len(everything)), min(NUM_PASSAGES, len(everything))))
        print(f"{len(everything):,} different passages, {len(chosen):,} kept")
        with cache.open("w", encoding="utf-8") as file:
            for at in chosen:
                file.write(json.dumps(everything[at], ensure_ascii=False) + "\n")
    with cache.open(encoding="utf-8") as file:
        return [json.loads(line) for _, line in zip(range(number), file, strict=False)]


if __name__ == "__main__":
    print(f"{len(load_passages()):,} passages")
