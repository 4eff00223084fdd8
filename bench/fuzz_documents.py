"""Break documents of every kind in seeded ways and read them: nothing may crash, hang or go unsaid.

    python bench/fuzz_documents.py [--count 1000] [--seed 1] [--folder examples/documents] [--json]

Prints a Markdown table to stdout: mutants by kind, how many were read, refused with a reason, ended
by a limit or a crash of the worker; and what must be zero: failures without a word, and failures of
the reader itself. The seeds are small documents made here and the smallest of each kind in a folder.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

from everask.documents.draft import Limits
from everask.documents.reader import Reader, ReadResult

_LIMITS = Limits(
    file_bytes=20_000_000,
    unpacked_bytes=50_000_000,
    text_chars=5_000_000,
    seconds=20.0,
    memory_bytes=1_000_000_000,
)
_MAX_SEED_BYTES = 400_000
_SEEDS_A_KIND = 3
_MADE = {
    "plain.txt": "Die Garantie gilt zwei Jahre.\n\nПривет, мир. 保修期为两年。\n".encode(),
    "utf16.txt": "The warranty lasts two years. 保証は二年間です。".encode("utf-16-le"),
    "table.csv": b"Region,Revenue\nNorth,4.2\nSouth,3.1\n" * 5,
    "data.json": b'{"a": [1, 2, {"b": "text", "c": null}], "d": {"e": "more"}}',
    "rows.jsonl": b'{"id": 1, "text": "one"}\n{"id": 2, "text": "two"}\n',
    "page.html": b"<!doctype html><title>T</title><h1>H</h1><table><tr><th>a<td>b</table><p>Text <b>b</b>.",
    "notes.md": b"# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n",
    "letter.rtf": rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\f0 Hello \b bold\b0 \u1055? world.\par}",
    "mail.eml": b"From: a@example.org\nTo: b@example.org\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n"
    b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nBo.\n"
    b"--x\nContent-Type: text/csv\nContent-Disposition: attachment; filename=a.csv\n\na,b\n1,2\n--x--\n",
    "code.py": b"def f(x):\n    return x + 1\n",
}


def find_seeds(folder: Path | None) -> dict[str, list[tuple[str, bytes]]]:
    """Whole documents to break, by ending."""
    seeds = {name.rpartition(".")[2]: [(name, data)] for name, data in _MADE.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _MADE.items():
            archive.writestr(name, data)
    seeds["zip"] = [("all.zip", buffer.getvalue())]
    paths = sorted(folder.rglob("*"), key=lambda path: path.stat().st_size) if folder else []
    for path in paths:
        ending = path.suffix.lstrip(".").lower()
        if path.is_file() and ending and path.stat().st_size <= _MAX_SEED_BYTES:
            known = seeds.setdefault(ending, [])
            if len(known) < _SEEDS_A_KIND:
                known.append((path.name, path.read_bytes()))
    return seeds


def mutate(data: bytes, random_: random.Random) -> bytes:
    """One to four changes: flip, cut, repeat, insert, splice numbers, swap blocks; ZIPs inside too."""
    if data.startswith(b"PK") and random_.random() < 0.6:
        data = _mutate_member(data, random_)
        if random_.random() < 0.7:
            return data
    changed = bytearray(data)
    for _ in range(random_.randint(1, 4)):
        _change(changed, random_)
    return bytes(changed)


def _change(data: bytearray, random_: random.Random) -> None:
    at = random_.randrange(len(data) + 1)
    span = random_.choice((1, 2, 4, 16, 100, 2000))
    kind = random_.randrange(7)
    if kind == 0:
        for _ in range(random_.choice((1, 10, 200))):
            if data:
                data[random_.randrange(len(data))] = random_.randrange(256)
    elif kind == 1:
        del data[at:]
    elif kind == 2:
        del data[at : at + span]
    elif kind == 3:
        data[at:at] = bytes(data[at : at + span]) * random_.choice((1, 10, 200))
    elif kind == 4:
        data[at:at] = random_.randbytes(span)
    elif kind == 5:
        data[at : at + 4] = random_.choice(
            (b"\xff\xff\xff\xff", b"\0\0\0\0", b"9999", b"-1 0", b"<<<<", b"((((")
        )
    else:
        other = random_.randrange(len(data) + 1)
        data[at : at + span] = data[other : other + span]


def _mutate_member(data: bytes, random_: random.Random) -> bytes:
    """The same archive with one member broken, whole as an archive."""
    buffer = io.BytesIO()
    try:
        with (
            zipfile.ZipFile(io.BytesIO(data)) as old,
            zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            members = old.infolist()
            victim = random_.choice(members) if members else None
            for member in members:
                content = bytearray(old.read(member))
                if member is victim:
                    _change(content, random_)
                new.writestr(member.filename, bytes(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return data
    return buffer.getvalue()


def judge(result: ReadResult) -> str:
    """What became of a mutant; `silent` is a failure without a proper line."""
    if result.error is None:
        return "read" if result.documents else "silent"
    line = result.error
    if not line.strip() or "\n" in line or len(line) < 15 or "Traceback" in line:
        return "silent"
    if "the process that read it" in line:
        return "crashed"
    return "limit" if "limits." in line or "takes longer" in line else "refused"


def run(count: int, seed: int, folder: Path | None) -> tuple[dict[str, Counter[str]], float, float]:
    """Counts by ending, all seconds, the longest single file."""
    table: dict[str, Counter[str]] = {}
    seeds = find_seeds(folder)
    endings = sorted(seeds)
    started, longest = time.monotonic(), 0.0
    with Reader(_LIMITS) as reader:
        for number in range(count):
            ending = endings[number % len(endings)]
            random_ = random.Random(f"{seed} {number}")
            name, data = random_.choice(seeds[ending])
            mutant = mutate(data, random_)
            begun = time.monotonic()
            outcome = judge(reader.read_bytes(mutant, name=name, uri=f"fuzz:{number}", modified=0.0))
            longest = max(longest, time.monotonic() - begun)
            table.setdefault(ending, Counter())[outcome] += 1
            if outcome in ("silent", "crashed"):
                print(f"{outcome}: --seed {seed}, mutant {number} of {name}", file=sys.stderr)
    return table, time.monotonic() - started, longest


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent.parent / "examples/documents")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    table, seconds, longest = run(
        options.count, options.seed, options.folder if options.folder.is_dir() else None
    )
    total = sum(table.values(), Counter[str]())
    if options.json:
        print(json.dumps({"seconds": seconds, "longest": longest, **total}))
        return
    outcomes = ("read", "refused", "limit", "crashed", "silent")
    print(f"| ending | mutants | {' | '.join(outcomes)} |\n|---|" + "---|" * (len(outcomes) + 1))
    for ending, counts in [*sorted(table.items()), ("all", total)]:
        cells = " | ".join(str(counts[outcome]) for outcome in outcomes)
        print(f"| {ending} | {counts.total()} | {cells} |")
    print(f"\n{seconds:.0f} s, the longest {longest:.1f} s; failures of the reader itself: 0")


if __name__ == "__main__":
    main()
