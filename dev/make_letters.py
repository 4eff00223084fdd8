"""Make src/everask/weights/letters.json: how often letters follow each other, by language.

It is what tells encodings apart (see everask.documents.letters). Run it as

    python dev/make_letters.py FOLDER > src/everask/weights/letters.json

FOLDER holds one UTF-8 file a language, named by its code: `de.txt`, `ru.txt`, `zh-tw.txt`. The
shipped file was made from three quarters (by page) of gnome-user-docs 43 (CC BY-SA 3.0), of
libreoffice-help for et and ko (MPL-2.0), and of the paragraphs of XQuAD, CMRC 2018 (CC BY-SA 4.0),
DRCD (CC BY-SA 3.0) and JSQuAD (CC BY-SA 4.0); it holds counts of letters, no text.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

UNSPACED = {"zh", "zh-tw", "ja", "ko"}
_MIN_COUNT = 3
_MAX_BITS = 12


def count_singles(text: str) -> dict[str, dict[str, str]]:
    """Characters of one language by their bits, for scripts of thousands of characters."""
    counts = Counter(character for character in text if ord(character) > 127)
    total = sum(counts.values())
    groups: dict[str, str] = defaultdict(str)
    for character, count in counts.most_common():
        if count >= 2:
            groups[str(min(14, round(-math.log2(count / total))))] += character
    return {"": dict(groups)}


def count_pairs(text: str) -> dict[str, dict[str, str]]:
    """For each letter, what follows it, by bits; only pairs with a letter beyond ASCII."""
    lower = "".join(character if character.isalpha() or ord(character) > 767 else " " for character in text)
    lower = lower.lower()
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    for before, after in zip(" " + lower, lower, strict=False):
        pairs[before][after] += 1
    table: dict[str, dict[str, str]] = {}
    for before, counts in sorted(pairs.items()):
        total = sum(counts.values())
        groups: dict[str, str] = defaultdict(str)
        for after, count in counts.most_common():
            bits = round(-math.log2(count / total))
            if max(before, after) > "\x7f" and count >= _MIN_COUNT and bits <= _MAX_BITS:
                groups[str(bits)] += after
        if groups:
            table[before] = dict(groups)
    return table


def main() -> None:
    """Read the folder, print the table."""
    tables = {}
    for path in sorted(Path(sys.argv[1]).glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        tables[path.stem] = count_singles(text) if path.stem in UNSPACED else count_pairs(text)
    json.dump(tables, sys.stdout, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main()
