"""Makes the language means that ship with Everask: python dev/build_means.py

What passages of a language have in common, apart from what they are about. Three sources of parallel
text: XQuAD's paragraphs (12 languages, CC BY-SA 4.0; ../shared/data or EVERASK_SHARED_DATA), the help of
LibreOffice (MPL-2.0) and of GNOME (CC BY-SA 3.0), the same pages in every language, from Debian (needs
apt-get and dpkg-deb). A source's mean of a language is the sum of a part of the source and a part of the
language; least squares tell them apart, so that a language that only one source has gets a mean in the
same frame as the rest. Writes src/everask/weights/means-ID.npz, and prints the table of its card.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from debian_packages import unpack
from lxml import etree
from numpy.typing import NDArray
from selectolax.lexbor import LexborHTMLParser

from everask import packs, text
from everask.encoder import Encoder, build_encoder, open_encoder

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".bench" / "means"
WEIGHTS = ROOT / "src" / "everask" / "weights"

NUM_PAGES = 45
MIN_PASSAGES = 20
MIN_CHARACTERS = 150
MAX_CHARACTERS = 400
# What a language without spaces says in one character takes two to three in others.
MAX_CHARACTERS_DENSE = 160
DENSE = {"zh", "ja", "ko"}

LIBREOFFICE = "ca cs da de el en-us es et eu fi fr gl hi hu id it ja km ko nl pl pt ru sl sv tr vi zh-cn"
GNOME = (
    "C as ca cs da de el es fa fi fr gl gu he hi hr hu id it ja kn ko lt lv mr nl pa pl pt_BR ro ru sl sr "
    "sv ta te tr uk vi zh_CN"
)
LANGUAGES = {"en-us": "en", "C": "en", "zh-cn": "zh", "zh_CN": "zh", "pt_BR": "pt"}

Texts = dict[str, list[str]]
Means = dict[tuple[str, str], NDArray[np.float64]]


def read_xquad(data: Path) -> Texts:
    """Every other development paragraph of XQuAD, in each language."""
    texts = {}
    for file in sorted((data / "p02_xquad").glob("xquad.*.contexts.jsonl")):
        language = file.name.split(".")[1]
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        texts[language] = keep([cut([row["context"]], language) for row in rows[::2]], language)
    return texts


def read_libreoffice() -> Texts:
    """The same pages of LibreOffice's help in each language."""
    folders = {}
    for one in LIBREOFFICE.split():
        found = unpack(f"libreoffice-help-{one}", WORK) / "usr/share/libreoffice/help"
        folders[name_of(one)] = next(path / "text" for path in found.iterdir() if path.name.lower() == one)
    return read_parallel(folders, "*/guide/*.html", read_html)


def read_gnome() -> Texts:
    """The same pages of GNOME's help in each language."""
    found = unpack("gnome-user-docs", WORK) / "usr/share/help"
    folders = {name_of(one): found / one / "gnome-help" for one in GNOME.split()}
    return read_parallel(folders, "*.page", read_mallard)


def read_parallel(folders: Mapping[str, Path], pattern: str, read: Callable[[Path], list[str]]) -> Texts:
    """NUM_PAGES pages, evenly spread over those that every language has, by language."""
    names = [{str(path.relative_to(folder)) for path in folder.glob(pattern)} for folder in folders.values()]
    shared = sorted(set.intersection(*names))
    chosen = shared[:: max(1, len(shared) // NUM_PAGES)][:NUM_PAGES]
    return {
        language: keep([cut(read(folder / name), language) for name in chosen], language)
        for language, folder in folders.items()
    }


def read_html(path: Path) -> list[str]:
    """Headings and paragraphs of a page of LibreOffice's help."""
    nodes = LexborHTMLParser(path.read_bytes()).css("#DisplayArea h1, #DisplayArea h2, #DisplayArea p")
    return list(dict.fromkeys(" ".join(node.text(separator=" ").split()) for node in nodes))


def read_mallard(path: Path) -> list[str]:
    """Titles and paragraphs of a page of GNOME's help, without credits and links."""
    page = etree.parse(str(path), etree.XMLParser(resolve_entities=False, recover=True)).getroot()
    space = "{http://projectmallard.org/1.0/}"
    texts = []
    for node in page.iter(f"{space}title", f"{space}p"):
        if not any(above.tag == f"{space}info" for above in node.iterancestors()):
            texts.append(" ".join("".join(node.itertext()).split()))
    return texts


def cut(paragraphs: list[str], language: str) -> str:
    """The beginning, cleaned, of about a passage's length, without paragraphs left in English."""
    if language != "en":
        paragraphs = [one for one in paragraphs if text.language_of(one) != "en"]
    return text.clean(" ".join(paragraphs))[: MAX_CHARACTERS_DENSE if language in DENSE else MAX_CHARACTERS]


def keep(texts: list[str], language: str) -> list[str]:
    """Those that are long enough."""
    least = MIN_CHARACTERS // 3 if language in DENSE else MIN_CHARACTERS
    return [one for one in texts if len(one) >= least]


def name_of(one: str) -> str:
    """A source's name of a language as ISO 639-1."""
    return LANGUAGES.get(one, one)


def encode_means(encoder: Encoder, sources: Mapping[str, Texts]) -> tuple[Means, dict[tuple[str, str], int]]:
    """Mean vector and number of passages by (source, language), of those with enough passages."""
    means: Means = {}
    counts = {}
    for source, by_language in sources.items():
        for language, texts in by_language.items():
            if len(texts) >= MIN_PASSAGES:
                counts[source, language] = len(texts)
                means[source, language] = encoder.encode_passages(texts).astype(np.float64).mean(axis=0)
                print(f"{source} {language}: {len(texts)}", flush=True)
    return means, counts


def combine(means: Means) -> dict[str, NDArray[np.float32]]:
    """Tell the languages' parts from the sources'; a language's mean is its part and the mean source's."""
    sources = sorted({source for source, _ in means})
    languages = sorted({language for _, language in means})
    design = np.zeros((len(means) + 1, len(languages) + len(sources)))
    values = np.zeros((len(means) + 1, next(iter(means.values())).size))
    for row, ((source, language), mean) in enumerate(means.items()):
        design[row, languages.index(language)] = 1
        design[row, len(languages) + sources.index(source)] = 1
        values[row] = mean
    # Only sums are observed: the sources' parts add up to nothing.
    design[-1, len(languages) :] = 1
    parts, *_ = np.linalg.lstsq(design, values, rcond=None)
    return {language: parts[row].astype(np.float32) for row, language in enumerate(languages)}


def shared_data() -> Path:
    """Where the data sets are."""
    return Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")


def main() -> None:
    folder = WORK / "encoder"
    build_encoder(packs.pull("e5-small", packs.default_folder()), folder)
    encoder = open_encoder(folder)
    sources = {"xquad": read_xquad(shared_data()), "libreoffice": read_libreoffice(), "gnome": read_gnome()}
    means, counts = encode_means(encoder, sources)
    keys = [f"{source} {language}" for source, language in means]
    np.savez(WORK / "source-means.npz", keys=np.array(keys), means=np.stack(list(means.values())))
    made = combine(means)
    np.savez_compressed(
        WEIGHTS / f"means-{encoder.id}.npz",
        languages=np.array(list(made)),
        means=np.stack(list(made.values())).astype(np.float16),
    )
    for language in made:
        row = [str(counts.get((source, language), "")) for source in sources]
        print(f"| {language} | " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
