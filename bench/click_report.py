"""The tables and the picture of bench/clicks.py."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
import numpy as np

from everask.evaluate.halves import Half
from everask.evaluate.significance import bootstrap_interval

matplotlib.use("svg")
from matplotlib import pyplot

MOMENTS = (0, 50, 200, 800)
REPORTED = (
    "The same of the halves of the articles that nothing was chosen on (people ask of both): what it is to "
    "be like the first hits was chosen on the others."
)
AGAIN_CLICKED = (
    "The same of the questions of which a right passage was shown and somebody opened it: what was never "
    "shown, or never opened, nobody can remember."
)
NOTE = """Intervals over questions (three seeds of one go together). The questions are unseen, the
sets are not: that four numbers are learned, and how strongly they are held, was chosen on
these sets with other splits, and the shipped weights were fitted on half of each. People
are simulated; what real ones click on may teach less.

![Points by sessions](images/clicks.svg)"""


@dataclass
class Results:
    """By set and way: each question's figure, once a seed."""

    found: dict[tuple[str, str], dict[str, list[float]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, name: str, way: str, seed: int, values: Mapping[str, float]) -> None:
        """Figures of one part of the questions."""
        for key, value in values.items():
            self.found[name, way][f"{key}@{seed}"].append(value)

    @classmethod
    def read(cls, file: Path) -> Results:
        """What a run that was stopped had; nothing where there is no file."""
        results = cls()
        for name, way, values in json.loads(file.read_text("utf-8")) if file.is_file() else ():
            results.found[name, way].update(values)
        return results

    def write(self, file: Path) -> None:
        """Keep it for a run that goes on."""
        rows = [[name, way, dict(values)] for (name, way), values in self.found.items()]
        file.write_text(json.dumps(rows), "utf-8")

    def has(self, name: str, seed: int) -> bool:
        """Whether a set was measured with a seed."""
        return any(key.endswith(f"@{seed}") for key in self.found.get((name, "shipped"), ()))

    def of_half(self, half: Half) -> Results:
        """The questions of one half of the articles."""
        rows = {
            way: {key: value for key, value in values.items() if key.startswith(f"{half} ")}
            for way, values in self.found.items()
        }
        kept = Results()
        for way, values in rows.items():
            kept.found[way].update(values)
        return kept

    @property
    def sets(self) -> list[str]:
        """In their order."""
        return list(dict.fromkeys(name for name, _ in self.found))

    def mean(self, name: str, way: str) -> float:
        """Over questions and seeds."""
        return float(np.mean([np.mean(values) for values in self.found[name, way].values()]))

    def gain(self, name: str, way: str, than: str = "shipped") -> tuple[float, float, float]:
        """In points, with the 95% interval over questions: the seeds of one go together."""
        ours, theirs = self.found[name, way], self.found[name, than]
        each: dict[str, list[float]] = defaultdict(list)
        for key, values in ours.items():
            each[key.rpartition("@")[0]].append(100 * (float(np.mean(values)) - float(np.mean(theirs[key]))))
        values = [float(np.mean(found)) for found in each.values()]
        return (float(np.mean(values)), *bootstrap_interval(values))

    def num_questions(self, name: str) -> int:
        """Measured, each in turn unseen."""
        return len({key.rpartition("@")[0] for key in self.found[name, "shipped"]})


@dataclass(frozen=True)
class _Rows:
    """Rows of a table, a column a set, and the mean."""

    results: Results

    def gains(self, label: str, way: str, than: str = "shipped") -> str:
        """Points over another way."""
        found = [self.results.gain(name, way, than) for name in self.results.sets]
        cells = [f"{mean:+.1f} ({low:+.1f} to {high:+.1f})" for mean, low, high in found]
        return f"| {label} | " + " | ".join(cells) + f" | {np.mean([mean for mean, *_ in found]):+.1f} |"

    def levels(self, label: str, way: str) -> str:
        """The figures as they are."""
        found = [self.results.mean(name, way) for name in self.results.sets]
        return f"| {label} | " + " | ".join(f"{one:.3f}" for one in found) + f" | {np.mean(found):.3f} |"


def make_report(results: Results, sessions: int) -> str:
    """All tables."""
    names = results.sets
    head = "| | " + " | ".join(f"{name} ({results.num_questions(name)})" for name in names) + " | mean |"
    rule = "|---" * (len(names) + 2) + "|"
    people = f"after {sessions:,} sessions of 20 people (η = 1, 10% noise)"
    rows = _Rows(results)
    tables = {
        f"Questions that nobody asked, {people}: points of nDCG@10 over the shipped weights.": _unseen(rows),
        "IPS less naive, of the same clicks, in points.": _ways(rows),
        "From a bad start (the worse of words and meaning alone, shown and held to): points over it.": _bad(
            rows
        ),
        "What the hostile cost, in points, on the same questions.": _hostile(rows),
        "Asked again: the share of questions whose first passage is graded right.": _again(rows, "again"),
        AGAIN_CLICKED: [_share_clicked(results), *_again(rows, "clicked")],
    }
    pages = ["\n".join([title, "", head, rule, *found]) for title, found in tables.items()]
    pages.insert(1, "\n".join([REPORTED, "", *_reported(results.of_half("report"))]))
    return "\n\n".join([*pages, NOTE])


def _reported(results: Results) -> list[str]:
    """The chief rows, of questions that nothing was chosen on."""
    rows = _Rows(results)
    head = "| | " + " | ".join(f"{name} ({results.num_questions(name)})" for name in results.sets)
    return [
        head + " | mean |",
        "|---" * (len(results.sets) + 2) + "|",
        rows.levels("shipped, nDCG@10", "shipped"),
        rows.gains("IPS", "IPS, η = 1"),
        rows.gains("IPS, learned anew in four nights", "nights, clicks"),
        rows.gains("the same, with votes in one session of ten", "nights, clicks and votes"),
        rows.gains("one of ten people hostile, against none", "10% hostile", "IPS, η = 1"),
    ]


def _unseen(rows: _Rows) -> list[str]:
    return [
        rows.levels("shipped, nDCG@10", "shipped"),
        rows.gains("naive", "naive, η = 1"),
        rows.gains("IPS", "IPS, η = 1"),
        rows.gains("IPS, learned anew in four nights", "nights, clicks"),
        rows.gains("the same, with votes in one session of ten", "nights, clicks and votes"),
        rows.gains("memory alone", "memory, clicks"),
        rows.gains("IPS in four nights and memory", "both, clicks"),
        rows.gains("skip-above pairs (one seed)", "skip-above"),
    ]


def _ways(rows: _Rows) -> list[str]:
    seldom = {"η = 2", "cascade", "trust, η = 1"}
    return [
        rows.gains(f"{kind} (one seed)" if kind in seldom else kind, f"IPS, {kind}", f"naive, {kind}")
        for kind in ("η = 1", "η = 0", "η = 2", "cascade", "trust, η = 1")
    ]


def _bad(rows: _Rows) -> list[str]:
    ways = [f"{way}, {kind}" for kind in ("η = 1", "η = 0") for way in ("naive", "IPS")]
    start = rows.levels("bad start, nDCG@10", "bad start")
    return [start, *(rows.gains(one, f"bad start, {one}", "bad start") for one in ways)]


def _hostile(rows: _Rows) -> list[str]:
    same = "the same, without caps and trust (one seed)"
    return [
        rows.gains("one of ten people hostile", "10% hostile", "IPS, η = 1"),
        rows.gains(same, "10% hostile, unguarded", "IPS, η = 1"),
        rows.gains("one person's 10,000 votes", "flood", "IPS, η = 1"),
        rows.gains(same, "flood, unguarded", "IPS, η = 1"),
    ]


def _share_clicked(results: Results) -> str:
    """Of how many of the asked questions a right passage was opened."""
    shares = []
    for name in results.sets:
        seen, asked = (results.found[name, f"{kind}: shipped"] for kind in ("clicked", "again"))
        shares.append(sum(map(len, seen.values())) / max(1, sum(map(len, asked.values()))))
    cells = " | ".join(f"{one:.3f}" for one in shares)
    return f"| a right passage was shown and opened | {cells} | {np.mean(shares):.3f} |"


def _again(rows: _Rows, kind: str) -> list[str]:
    ways = {
        "shipped": "shipped",
        "counted clicks": "counted",
        "memory, clicks": "memory, clicks",
        "memory, clicks and votes": "memory, clicks and votes",
        "memory and IPS, clicks": "both, clicks",
        "memory and IPS, clicks and votes": "both, clicks and votes",
    }
    return [rows.levels(label, f"{kind}: {way}") for label, way in ways.items()]


def draw_curves(results: Results, sessions: int, path: Path) -> None:
    """What is learned by the number of sessions, the mean over sets."""
    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "everask", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        for way, colour in (("IPS", "#0072B2"), ("naive", "#D55E00")):
            moments = [one for one in MOMENTS if one < sessions]
            values = [0.0 if not one else _mean_gain(results, f"{way}, {one}") for one in moments]
            axes.plot(
                [*moments, sessions],
                [*values, _mean_gain(results, f"{way}, η = 1")],
                "o-",
                color=colour,
                label=f"{way}, one night",
            )
        nights = _mean_gain(results, "nights, clicks")
        axes.plot([sessions], [nights], "s", color="#009E73", label="IPS, four nights")
        axes.axhline(0, color="#999999", lw=1, ls="--")
        axes.set_xlabel("sessions of simulated people")
        axes.set_ylabel("points of nDCG@10 on unseen questions")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)


def _mean_gain(results: Results, way: str) -> float:
    names: Sequence[str] = results.sets
    return float(np.mean([results.gain(name, way)[0] for name in names]))
