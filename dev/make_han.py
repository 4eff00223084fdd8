"""Make src/everask/text/han.json: Traditional Chinese characters, and the Simplified one of each.

    pip install opencc==1.4.2 && python dev/make_han.py

From OpenCC's dictionaries (Apache License 2.0, https://github.com/BYVoid/OpenCC), asked character by
character: of the forms of Taiwan and Hong Kong too. One character stays one character, so that offsets do.
"""

from __future__ import annotations

import json
from pathlib import Path

import opencc

FILE = Path(__file__).parents[1] / "src/everask/text/han.json"
HAN = [*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000), *range(0xF900, 0xFB00), *range(0x20000, 0x323B0)]
SOURCE = "OpenCC 1.4.2, https://github.com/BYVoid/OpenCC, Apache License 2.0; made by dev/make_han.py"
WAYS = ("t2s", "tw2s", "hk2s")


def simplified() -> dict[str, str]:
    """Each traditional character with its simplified one."""
    characters = [chr(point) for point in HAN]
    table: dict[str, str] = {}
    for way in WAYS:
        # A line each, so that no character is read as a part of a word.
        made = opencc.OpenCC(way).convert("\n".join(characters)).split("\n")
        for before, after in zip(characters, made, strict=True):
            if len(after) == 1 and after != before:
                table.setdefault(before, after)
    return table


def main() -> None:
    """Write the table: two strings of the same length, which is the shortest JSON, and where it is from."""
    table = simplified()
    # Where one simplified form is itself written otherwise, all end at the same character.
    final = {before: table.get(after, after) for before, after in table.items()}
    record = {"source": SOURCE, "traditional": "".join(final), "simplified": "".join(final.values())}
    FILE.write_text(json.dumps(record, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"{FILE}: {len(final):,} characters")


if __name__ == "__main__":
    main()
