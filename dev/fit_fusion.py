"""Fit the weights of search's fusion: python dev/fit_fusion.py [--encoder FOLDER] [--write]

On the tuning half of every suite, groups counting about the same. The table shows the other half, by weights
of all collections and by weights that the row's own collection had no part in (that is what to expect of
other documents). `--write` puts src/everask/weights/fusion.{json,md}. What words find and vectors are kept
in .bench/: with both there it takes a minute or two.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from fusion_model import (
    Convex,
    Lists,
    Mask,
    Scores,
    by_hand,
    evaluate,
    fit,
    left_out,
    rank_fusion,
    together,
)
from fusion_rows import ROOT, load_rows

from everask.encoder import open_encoder
from everask.packs import default_folder
from everask.retrieve.features import filled

WEIGHTS = ROOT / "src" / "everask" / "weights"
TWINS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
OWN = ": own first"
CARD = """# Weights of search's fusion, for the encoder {encoder}

A hit's score is a sum of features (retrieve/features.py) with the weights in `fusion.json`: what words and
meaning say of a passage, each times what is known of the query. Fitted by softmax over each query's
candidates on the tuning half of every suite (docs/benchmarks.md), groups counting about the same, held to
weights set by hand (without that, collections left out lost up to 0.03); then all divided so that one cosine
counts about as one. A passage in the asker's language that is at least {twin} like a better hit in another
language comes just before that one.

**Command.** `python dev/fit_fusion.py --write` ({queries:,} queries, {candidates:,} candidates).

nDCG@10 on the half that nothing was fitted on. *Left out*: fitted without any suite of the row's own
collection (all of XQuAD, all of the manual, …): what to expect of other documents. *By hand*: the weights
before these. *RRF*: rank fusion, k = 60. *Convex*: BM25 and cosine from 0 to 1 in each list, one weight.

{table}

**Limits.** The encoder was taught on the tuning half of some of these sets, where its cosines look better
than elsewhere. Another encoder has other cosines: fit again. Titles are known in five of the collections.
"""


def main() -> None:
    """Fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, default=default_folder() / "e5-small-built")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench")
    parser.add_argument("--queries", type=int, default=160, help="about so many a group and half")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    lists = Lists(load_rows(arguments.encoder, arguments.cache, data, arguments.queries))
    tune = np.asarray(lists.rows.half == 0)
    weights = fit(lists, lists.features, tune)
    ours = lists.features @ weights
    tried = {least: _tuned(lists, together(lists, ours, least), tune) for least in TWINS}
    # The strictest of those that are as good: what is not alike should stay where it is.
    twin = max(least for least, found in tried.items() if found > max(tried.values()) - 0.005)
    out = left_out(lists, lambda chosen: lists.features @ fit(lists, lists.features, chosen))
    simple = Convex(lists)
    systems = {
        "words": lists.rows.bm25 + 1e-3 * filled(lists.rows.cosine),
        "meaning": filled(lists.rows.cosine),
        "RRF": rank_fusion(lists),
        "convex": simple.best(tune),
        "convex, left out": left_out(lists, simple.best),
        "by hand": by_hand(lists),
        "fitted": together(lists, ours, twin),
        "left out": together(lists, out, twin),
        "left out, no twins": out,
    }
    table = make_table(lists, {name: np.asarray(one, float) for name, one in systems.items()})
    print(table)
    for key, weight in sorted(zip(lists.keys, weights, strict=True), key=lambda one: one[0]):
        print(*key, round(float(weight), 4))
    if arguments.write:
        write(lists, weights, twin, table, open_encoder(arguments.encoder).id)


def _tuned(lists: Lists, scores: Scores, tune: Mask) -> float:
    """What a threshold of twins is chosen by: nDCG@10, and the own one first, of pools in many languages."""
    ndcg, own = evaluate(lists, scores)
    several = np.array(["one pool" in one or "another" in one for one in lists.group])
    several &= tune & np.array([not one.startswith("Exact") for one in lists.group])
    pools = [one for one in np.unique(lists.group[several]) if "one pool" in one]
    first = [own[several & (lists.group == one) & lists.rows.has_own].mean() for one in pools]
    found = [ndcg[several & (lists.group == one)].mean() for one in np.unique(lists.group[several])]
    return float(np.mean(found) + 0.25 * np.mean(first))


def make_table(lists: Lists, systems: dict[str, Scores], half: int = 1) -> str:
    """A row a group: the mean over its suites, of each system."""
    measured = {name: evaluate(lists, scores) for name, scores in systems.items()}
    rows: dict[str, list[float]] = {}
    counts: dict[str, int] = {}
    for group in dict.fromkeys(lists.group.tolist()):
        here = (lists.group == group) & (lists.rows.half == half)
        suites = np.unique(lists.rows.suite[here])
        if not len(suites):
            continue
        masks = [here & (lists.rows.suite == suite) for suite in suites]
        rows[group] = [float(np.mean([ndcg[mask].mean() for mask in masks])) for ndcg, _ in measured.values()]
        counts[group] = int(here.sum())
        with_own = here & lists.rows.has_own
        if "one pool" in group and with_own.any():
            rows[group + OWN] = [float(own[with_own].mean()) for _, own in measured.values()]
            counts[group + OWN] = int(with_own.sum())
    plain = [values for group, values in rows.items() if not group.endswith(OWN)]
    rows["**average**"] = np.mean(plain, axis=0).tolist()
    lines = ["| nDCG@10 | queries | " + " | ".join(systems) + " |", "|---|---:|" + "---:|" * len(systems)]
    for group, values in rows.items():
        cells = " | ".join(f"{value:.3f}" for value in values)
        lines.append(f"| {group} | {counts.get(group, '')} | {cells} |")
    return "\n".join(lines)


def write(lists: Lists, weights: Scores, twin: float, table: str, encoder: str) -> None:
    """The weights and their card."""
    cosine = lists.keys.index(("meaning", "cosine"))
    known = np.stack(
        [lists.features[:, at] for at, key in enumerate(lists.keys) if key[1].startswith("cosine")], axis=1
    )
    mine = [weights[at] for at, key in enumerate(lists.keys) if key[1].startswith("cosine")]
    # One unit of cosine is worth about one, averaged over all that is known of queries.
    scale = float((known @ np.array(mine)).sum() / lists.features[:, cosine].sum())
    parts: dict[str, dict[str, float]] = {}
    for (part, name), weight in zip(lists.keys, weights, strict=True):
        parts.setdefault(part, {})[name] = round(float(weight) / scale, 5)
    found = {"encoder": encoder, "twin": twin, "weights": parts}
    (WEIGHTS / "fusion.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
    card = CARD.format(
        encoder=encoder,
        twin=twin,
        queries=int((lists.rows.half == 0).sum()),
        candidates=int((lists.rows.half[lists.of] == 0).sum()),
        table=table,
    )
    (WEIGHTS / "fusion.md").write_text(card, "utf-8")


if __name__ == "__main__":
    main()
