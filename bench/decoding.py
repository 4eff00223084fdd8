"""How often bytes without a declared encoding become the right text: ours and charset-normalizer.

    python bench/decoding.py FOLDER

FOLDER holds one UTF-8 file a language, named by its code, a paragraph a line. Prints a Markdown
table to stdout: share of samples of which every character is right, by encoding and length.
"""

from __future__ import annotations

import random
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

from charset_normalizer import from_bytes

from everask.documents.decode import decode

ENCODINGS = {
    "utf-16-le": "en de ru ar he th zh zh-tw ja ko el",
    "utf-16-be": "en de ru ar he th zh zh-tw ja ko el",
    "gb18030": "zh",
    "big5": "zh-tw",
    "cp932": "ja",
    "euc_jp": "ja",
    "iso2022_jp": "ja",
    "euc_kr": "ko",
    "koi8_r": "ru",
    "cp1251": "ru uk sr bg",
    "iso8859_5": "ru",
    "cp866": "ru",
    "cp1250": "cs pl hu ro sl hr",
    "iso8859_2": "cs pl hu sl hr",
    "cp1252": "de fr es pt it da sv fi nl ca",
    "iso8859_15": "de fr fi",
    "cp1253": "el",
    "cp1254": "tr",
    "cp1255": "he",
    "cp1256": "ar fa",
    "cp1257": "lt lv et",
    "cp1258": "vi",
    "cp874": "th",
    "mac_roman": "fr de",
}
LENGTHS = (20, 60, 200, 1000)
SAMPLES = 20


def samples(text: str, length: int, encoding: str, seed: int) -> list[tuple[bytes, str]]:
    """Pieces of the text that the encoding can hold and that have something beyond ASCII in them."""
    random_ = random.Random(f"{seed} {encoding} {length}")
    found: list[tuple[bytes, str]] = []
    for _ in range(4000):
        start = random_.randrange(max(1, len(text) - length))
        piece = text[start : start + length].strip()
        if encoding == "cp1258":
            piece = unicodedata.normalize("NFKD", piece)
            piece = "".join(unicodedata.normalize("NFC", c) if c in "đĐ" else c for c in piece)
        try:
            data = piece.encode(encoding)
        except UnicodeEncodeError:
            data = piece.encode(encoding, "ignore")
            piece = data.decode(encoding)
        if (not piece.isascii() or "16" in encoding) and len(piece) > length * 0.7:
            found.append((data, piece))
        if len(found) == SAMPLES:
            break
    return found


def plain_library(data: bytes) -> str:
    """charset-normalizer's best guess."""
    best = from_bytes(data).best()
    return str(best) if best else data.decode("utf-8", "replace")


def measure(read: Callable[[bytes], str], pieces: list[tuple[bytes, str]]) -> int:
    """How many pieces come back as they were."""
    return sum(read(data).lstrip("\ufeff") == piece for data, piece in pieces)


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1])
    with_library = "--ours" not in sys.argv
    verbose = "-v" in sys.argv
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
    texts.setdefault("en", Path(__file__).read_text(encoding="utf-8"))
    print("| encoding | languages | " + " | ".join(f"{n} characters" for n in LENGTHS) + " |")
    print("|---" * (len(LENGTHS) + 2) + "|")
    seconds, count = 0.0, 0
    for encoding, languages in ENCODINGS.items():
        cells = []
        for length in LENGTHS:
            ours = theirs = total = 0
            for language in languages.split():
                pieces = samples(texts[language], length, encoding, 1)
                started = time.perf_counter()
                good = measure(lambda data: decode(data)[0], pieces)
                seconds += time.perf_counter() - started
                count += len(pieces)
                if verbose and good < len(pieces):
                    print(encoding, language, length, good, len(pieces), file=sys.stderr)
                ours += good
                theirs += measure(plain_library, pieces) if with_library else 0
                total += len(pieces)
            cells.append(f"{ours / max(1, total):.1%} ({theirs / max(1, total):.1%})")
        print(f"| {encoding} | {languages} | " + " | ".join(cells) + " |", flush=True)
    print(f"{seconds / max(1, count) * 1000:.1f} ms a sample", file=sys.stderr)


if __name__ == "__main__":
    main()
