"""The table of bench/load.py, from what its phases have kept."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from marked_page import dated, write_between

BEGIN, END = "<!-- load:begin -->", "<!-- load:end -->"
GOAL_SECONDS = 0.3
COLUMNS = {
    "alone": "50 searchers alone",
    "load": "50 searchers, 4 askers, uploads",
    "surge": "ten times as many",
    "first_10_s": "50 again: first 10 s",
    "after_10_s": "50 again: afterwards",
}
Figures = Mapping[str, Any]


def write_report(folder: Path) -> None:
    """Put all that is kept into docs/benchmarks.md."""
    kept = {path.stem: json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")}
    found = {name: one["found"] for name, one in kept.items()}
    columns = {name: one for name, one in _columns(found).items() if one}
    lines = [*INTRODUCTION, "", *_table(columns), ""]
    if "leave" in found:
        lines += [*_leaving(found["leave"]), ""]
    if "rates" in found:
        lines += [
            *_rates("Searches that begin at random times, beside askers and uploads", found["rates"]),
            "",
        ]
    if "peer" in found:
        lines += [*_peer(found["peer"], found.get("alone")), ""]
    state = "; ".join(f"{name} {one['at']}, {one['load']:.0f}" for name, one in kept.items())
    lines.append(f"Measured, and how many processes wanted the two cores just before: {state}.")
    write_between(BEGIN, END, dated("python bench/load.py", "\n".join(lines)), heading="## Under load")


INTRODUCTION = (
    "A real server with the language model (qwen2.5-1.5b), 12,000 passages in 17 languages, 100 people in "
    "groups with a token each. Clients share the cores with it. A searcher thinks for 5 s on average "
    "(exponential); half search by the API (10 hits), half by the page (20 hits, then its marks). An asker "
    "reads for 20 s, one in four leaves at the first sentence. Uploads: ten newsgroup posts at once, one "
    "after the other, without a pause, while vectors are made in the background. Searches: API and page "
    "together, from before the request is sent to the last byte. At ten times as many nobody heeds "
    "Retry-After. The goal: beside askers and uploads a p99 of 300 ms, and nobody turned away. A question "
    "fails when it is not answered in 120 s.",
)


def _columns(found: Mapping[str, Any]) -> dict[str, Figures]:
    surge = found.get("surge", {})
    return {
        "alone": found.get("alone", {}),
        "load": found.get("load", {}),
        "surge": surge.get("surge", {}),
        "first_10_s": surge.get("first_10_s", {}),
        "after_10_s": surge.get("after_10_s", {}),
    }


def _table(columns: Mapping[str, Figures]) -> Iterator[str]:
    yield f"| | {' | '.join(COLUMNS[name] for name in columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    rows = {
        "searches a second": ("search", lambda one: f"{one['a_second']:.1f}"),
        "answered: p50 / p95 / p99 / worst, ms": ("search", _milliseconds),
        "by the API, p99, ms": ("by API", lambda one: f"{1000 * one['p99']:.0f}"),
        "by the page, p99, ms": ("page", lambda one: f"{1000 * one['p99']:.0f}"),
        "searches that failed": ("search", lambda one: f"{one['errors']} of {one['num']:,}"),
        "searches turned away (429)": ("search", lambda one: f"{one['turned_away']:,} of {one['num']:,}"),
        "… with Retry-After": ("search", lambda one: f"{one['away_says_when']:,}"),
        "… told so within, p50 / p95 / p99 / worst, ms": ("search", lambda one: _milliseconds(one["away"])),
        "marks of pages: p50 / p95 / p99 / worst, ms": ("marks", _milliseconds),
        "marks turned away": ("marks", lambda one: f"{one['turned_away']:,} of {one['num']:,}"),
        "questions; failed; turned away": (
            "ask",
            lambda one: f"{one['num']}; {one['errors']}; {one['turned_away']}",
        ),
        "first quote: p50 / p95, s": ("ask", lambda one: _seconds(one["quote"])),
        "first checked sentence: p50 / p95, s": ("ask", lambda one: _seconds(one["sentence"])),
        "answer whole: p50 / p95, s": ("ask", _seconds),
        "files added a second; failed": ("add", lambda one: f"{one['files_a_second']:.1f}; {one['errors']}"),
    }
    for name, (kind, say) in rows.items():
        cells = [_cell(one, kind, say) for one in columns.values()]
        if any(cell != "–" for cell in cells):
            yield f"| {name} | {' | '.join(cells)} |"
    for name, keys in {
        "memory of the server: first / last / most, MB": ("resident_first", "resident_last", "resident_most"),
        "… with the files that it maps (the model: 1.1 GB), most, MB": ("with_files_most",),
        "cores used: server, clients": ("cores_server", "cores_clients"),
    }.items():
        digits = 2 if "cores" in name else 0
        cells = [
            " / ".join(f"{one[key]:.{digits}f}" for key in keys) if keys[0] in one else "–"
            for one in columns.values()
        ]
        yield f"| {name} | {' | '.join(cells)} |"


def _cell(one: Figures, kind: str, say: Any) -> str:
    try:
        return str(say(one[kind]))
    except KeyError:
        return "–"


def _milliseconds(one: Figures) -> str:
    return " / ".join(f"{1000 * one[key]:.0f}" for key in ("p50", "p95", "p99", "worst"))


def _seconds(one: Figures) -> str:
    if not one["worst"]:
        return "–"
    return " / ".join(f"{one[key]:.1f}" for key in ("p50", "p95"))


def _leaving(one: Figures) -> Iterator[str]:
    free, idle = one["until_free"], one["until_idle"]
    yield (
        f"{one['num']} askers who left while their answer was written, nobody else there: the work had ended "
        f"after {statistics.median(free):.2f} s (worst {max(free):.2f}), the processor was idle after "
        f"{statistics.median(idle):.2f} s (worst {max(idle):.2f}), looked at every 0.1 s."
    )


def _rates(title: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| {title}: a second | p50 / p95 / p99 / worst, ms | turned away | failed |"
    yield "|---|---:|---:|---:|"
    for row in rows:
        one = row["search"]
        yield f"| {row['rate']:.0f} | {_milliseconds(one)} | {one['turned_away']} | {one['errors']} |"
    held = [
        row["rate"]
        for row in rows
        if row["search"]["p99"] <= GOAL_SECONDS and row["search"]["good"] == row["search"]["num"]
    ]
    yield ""
    best = max(held, default=0.0)
    yield f"The highest of these rates at which p99 ≤ 300 ms and nobody is turned away: {best:.0f} a second."


def _peer(peer: Figures, alone: Figures | None) -> Iterator[str]:
    one = peer["search"]
    yield (
        f"txtai 9.14's API server, the same passages, vectors and query encoder, its own hybrid index; no "
        f"people, rights or marks; 50 searchers alone, p50 / p95 / p99 / worst {_milliseconds(one)} ms, "
        f"{one['errors']} failed, {peer['resident_most']:.0f} MB."
    )
    if alone:
        ratio = {key: alone["by API"][key] / max(one[key], 1e-9) for key in ("p50", "p99")}
        yield f"Everask's API / txtai: p50 {ratio['p50']:.2f}, p99 {ratio['p99']:.2f}."
    yield ""
    yield from _rates("txtai alone, searches that begin at random times", peer["rates"])
