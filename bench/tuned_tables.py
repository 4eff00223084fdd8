"""The tables of bench/tuned_answers.py: what each model wrote and showed, pairs, languages, times."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from everask.evaluate.shares import Share
from everask.evaluate.significance import bootstrap_interval, paired_test

QUOTES, TUNED, PLAIN, LARGE = "best quote", "0.5B, taught", "0.5B, prompt", "1.5B, prompt"
POLICY, BEST = "0.5B, policy", "0.5B, taught, best of 4"
ORDER = (QUOTES, PLAIN, TUNED, POLICY, BEST, LARGE)
PAIRS = ((TUNED, PLAIN), (TUNED, LARGE), (POLICY, PLAIN), (POLICY, LARGE), (POLICY, TUNED), (BEST, TUNED))
_MEASURES = (
    ("gold answer in a cited sentence", "gold cited"),
    ("citations to a right passage", "precision"),
    ("sentences carried by a right passage", "recall"),
    ("answer × citation", "quality"),
    ("both passages of two hops cited", "all gold"),
    ("question's language", "language"),
    ("numbers that stand in the quote", "numbers right"),
    ("answered, of answerable", "answered"),
    ("declined, of unanswerable", "declined"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """What one model did with one question: as it wrote, as it was shown, and when. `is_asked`: the product
    asked the model at all; `speed` is in tokens a second, 0 where it wrote too few to say."""

    key: str
    system: str
    group: str
    language: str
    is_answerable: bool
    is_asked: bool
    written: Mapping[str, float]
    shown: Mapping[str, float]
    own: Sequence[bool]
    first_word: float
    seconds: float
    speed: float
    text: str
    replies: Sequence[str] = ()

    def row(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def read_records(file: Path) -> list[Record]:
    """What was kept; of several of one question and model the last. A torn last line is cut off."""
    if not file.is_file():
        return []
    text = file.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, "utf-8")
    rows = [Record(**json.loads(line)) for line in whole.splitlines()]
    return list({(one.key, one.system): one for one in rows}.values())


def make_tables(records: Sequence[Record], times: Sequence[Record]) -> str:
    """All tables, as Markdown."""
    by_system = _by_system(records)
    parts = [
        [*_means(by_system)],
        [*_pairs(by_system)],
        [*_languages(by_system)],
        [*_times(_by_system(times))] if times else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _by_system(records: Sequence[Record]) -> dict[str, dict[str, Record]]:
    found = {name: {one.key: one for one in records if one.system == name} for name in ORDER}
    return {name: rows for name, rows in found.items() if rows}


def _means(by_system: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """A column a model, a row a measure; "answer × citation" of what is answerable only."""
    yield f"| | {' | '.join(by_system)} |"
    yield "|---|" + "---:|" * len(by_system)
    for stage in ("written", "shown"):
        for label, key in _MEASURES:
            cells = [_share(_values(rows.values(), stage, key)) for rows in by_system.values()]
            yield f"| {stage}: {label} | {' | '.join(cells)} |"
    own = [_share([float(one) for row in rows.values() for one in row.own]) for rows in by_system.values()]
    yield f"| shown sentences that are the model's own | {' | '.join(own)} |"


def _values(records: Iterator[Record] | Any, stage: str, key: str) -> list[float]:
    found = []
    for one in records:
        values = getattr(one, stage)
        if key in values and (key != "quality" or one.is_answerable):
            found.append(float(values[key]))
    return found


def _share(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.2f} ({len(values)})" if values else "–"


def _pairs(by_system: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """Wins, losses and ties in answer × citation, with the interval of the wins among what is decided."""
    yield (
        "| answer × citation, answerable | questions | both | won | lost | tied | won of decided (95%)"
        " | difference (95%) | p |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|"
    for one, other in PAIRS:
        if one not in by_system or other not in by_system:
            continue
        for label, stage, is_counted in _KINDS:
            pairs = [
                (row, by_system[other][key])
                for key, row in by_system[one].items()
                if key in by_system[other] and row.is_answerable
            ]
            pairs = [pair for pair in pairs if is_counted(*pair)]
            mine = [getattr(a, stage)["quality"] for a, _ in pairs]
            theirs = [getattr(b, stage)["quality"] for _, b in pairs]
            if pairs:
                yield f"| {one} against {other} | {label} | {_outcome(mine, theirs)} |"


_KINDS: Sequence[tuple[str, str, Callable[[Record, Record], bool]]] = (
    ("written, where both were asked", "written", lambda a, b: a.is_asked and b.is_asked),
    ("shown after the checks, all", "shown", lambda a, b: True),
)


def _outcome(mine: Sequence[float], theirs: Sequence[float]) -> str:
    won = sum(a > b + 1e-9 for a, b in zip(mine, theirs, strict=True))
    lost = sum(b > a + 1e-9 for a, b in zip(mine, theirs, strict=True))
    share = Share(won, won + lost)
    low, high = share.bounds
    differences = [a - b for a, b in zip(mine, theirs, strict=True)]
    worst, best = bootstrap_interval(differences)
    mean = sum(differences) / len(differences)
    return (
        f"{len(mine)} | {won} | {lost} | {len(mine) - won - lost} | {share.value:.2f} ({low:.2f}–{high:.2f})"
        f" | {mean:+.3f} ({worst:+.3f} to {best:+.3f}) | {paired_test(mine, theirs):.3f}"
    )


def _languages(by_system: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """Answer × citation as written, of answerable questions that every model was asked, by language."""
    names = list(by_system)
    shared = [
        key
        for key in next(iter(by_system.values()), {})
        if all(key in rows and rows[key].is_answerable and rows[key].is_asked for rows in by_system.values())
    ]
    yield f"| written: answer × citation, asked in | questions | {' | '.join(names)} |"
    yield "|---|---:|" + "---:|" * len(names)
    spoken = sorted({by_system[names[0]][key].language for key in shared})
    for language in (*spoken, "all"):
        keys = [key for key in shared if language in ("all", by_system[names[0]][key].language)]
        cells = [
            f"{statistics.fmean(rows[key].written['quality'] for key in keys):.2f}"
            for rows in by_system.values()
        ]
        yield f"| {language} | {len(keys)} | {' | '.join(cells)} |"


def _times(by_system: Mapping[str, Mapping[str, Record]]) -> Iterator[str]:
    """Medians of each, and medians of each question's ratio to the larger model, where both wrote."""
    yield (
        "| times, quiet machine | questions | first word, s | end, s | tokens/s | first word, ratio to 1.5B"
        " | end, ratio | tokens/s, ratio |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    large = by_system.get(LARGE, {})
    for name, rows in by_system.items():
        wrote = {key: one for key, one in rows.items() if one.first_word and one.speed}
        if not wrote:
            continue
        both = [(one, large[key]) for key, one in wrote.items() if key in large and large[key].speed]
        cells = [f"{statistics.median(getattr(one, part) for one in wrote.values()):.2f}" for part in _PARTS]
        ratios = [
            f"{statistics.median(getattr(a, part) / getattr(b, part) for a, b in both):.2f}" if both else "–"
            for part in _PARTS
        ]
        yield f"| {name} | {len(wrote)} | {' | '.join([*cells, *ratios])} |"


_PARTS = ("first_word", "seconds", "speed")
