"""How often the reward tells the better of two answers, beside rules that know next to nothing.

Usage: python bench/reward.py [--work .bench/reward] [--trained] [--only made|public] [--half report|tune]
FOLDER is what dev/reward_features.py left: made pairs of the reporting half of the articles, and public
sets, of which those that anything was chosen by are split by prompt. Made pairs are told by a reward that has
never seen their kind of corruption (trained anew without it), and by one that has not seen its whole family.
Public sets are told by the reward that ships. Beside it: length either way, words of the question and of the
quotes, the checker, rules (citations, figures, orders), words of refusals, the calculator, and a linear
Bradley-Terry model over letters. Writes its tables to docs/benchmarks.md, but for the tuning half.
"""

from __future__ import annotations

import argparse
import functools
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from marked_page import dated, write_between
from numpy.typing import NDArray

from everask.evaluate.significance import bootstrap_interval
from everask.models.reward.cached import Cached, load_cached
from everask.models.reward.model import SCALARS, Head, read_heads, shipped_heads
from everask.models.reward.pairs import DIMENSIONS, RewardPair
from everask.models.reward.public import EQUAL_LENGTH, is_of_equal_length
from everask.models.reward.spoil import KINDS
from everask.models.reward.train import NAME, HeadSettings, Scale, prepare, scale_of, train_head
from everask.text import analyse

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- reward:begin -->", "<!-- reward:end -->"
PUBLIC_BEGIN, PUBLIC_END = "<!-- reward-public:begin -->", "<!-- reward-public:end -->"
SORRY = re.compile(
    r"\b(?:sorry|apologi[sz]e|(?:can|could|do|wo|would|am|is)(?:no|n['’]?|\s+no)t\b|unable|beyond my)", re.I
)
"""What declines in English, as a rule would have it; looked for in the first letters of a reply."""
OPENING = 160
RULES = ("cited", "figures right", "no orders", "no judge", "clean", "finished", "language")
NUM_LETTERS, MOST_LETTERS = 2**17, 1_000

Right = NDArray[np.float64]
"""By pair: 1 where the better answer is told, a half where nothing is."""


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "reward")
    parser.add_argument("--trained", action="store_true", help="measure FOLDER's heads, not those that ship")
    parser.add_argument("--only", choices=("made", "public"))
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    given = parser.parse_args()
    torch.set_num_threads(1)
    report = load_cached(given.work, given.half)
    shipped = read_heads(given.work / NAME)["joint"] if given.trained else the_shipped()
    if given.only != "public":
        train = load_cached(given.work, "train")
        made = report.where(one.kind in KINDS for one in report.pairs)
        rows = [*made_table(train, made, shipped, fit_letters(train.pairs))]
        print("\n".join(rows))
        write_between(BEGIN, END, dated("python bench/reward.py", "\n".join(rows)), heading="## The reward")
    if given.only != "made":
        rows = [*public_table(report, shipped)]
        print("\n".join(rows))
        if given.half == "report":
            command = dated("python bench/reward.py --only public", "\n".join(rows))
            write_between(PUBLIC_BEGIN, PUBLIC_END, command, heading="## The reward on public pairs")


def the_shipped() -> Head:
    """The head that ships."""
    heads = shipped_heads()
    assert heads is not None, "the weights are in the repository"
    return heads["joint"]


def told(better: NDArray[np.floating], worse: NDArray[np.floating]) -> Right:
    """Which is told; equal values tell nothing."""
    return np.where(better == worse, 0.5, (better > worse).astype(float))


def simple_scores(cached: Cached) -> dict[str, Right]:
    """The rules that every card must show."""
    better = [_text(one, better=True) for one in cached.pairs]
    worse = [_text(one, better=False) for one in cached.pairs]
    lengths = np.array([len(one) for one in better]), np.array([len(one) for one in worse])
    asked = [set(analyse(one.question, one.language)) for one in cached.pairs]
    shares = [
        np.array(
            [
                _share(words, text, one.language)
                for words, text, one in zip(asked, texts, cached.pairs, strict=True)
            ]
        )
        for texts in (better, worse)
    ]
    return {
        "shorter": told(-lengths[0], -lengths[1]),
        "longer": told(*lengths),
        "words of the question": told(*shares),
        "words of the quotes": _by_scalars(cached, ("mean overlap",)),
        "checker": _by_scalars(cached, ("least support",)),
        "rules": _by_scalars(cached, RULES),
    }


def of_letters(cached: Cached, letters: Callable[[str], float]) -> Right:
    """By style alone."""
    return told(
        *(np.array([letters(_text(one, better=better)) for one in cached.pairs]) for better in (True, False))
    )


def chat_scores(cached: Cached) -> dict[str, Right]:
    """Rules for replies without quotes: words that decline, and whether what is calculated comes out."""
    texts = [[_text(one, better=better) for one in cached.pairs] for better in (True, False)]
    sorry = [np.array([float(bool(SORRY.search(text[:OPENING]))) for text in some]) for some in texts]
    return {"declining words": told(*sorry), "calculator": _by_scalars(cached, ("figures right",))}


def _text(pair: RewardPair, *, better: bool) -> str:
    return " ".join(one.text for one in (pair.chosen if better else pair.rejected))


def _share(words: set[str], text: str, language: str) -> float:
    return len(words & set(analyse(text, language))) / max(1, len(words))


def _by_scalars(cached: Cached, names: Sequence[str]) -> Right:
    columns = [at for at, one in enumerate(SCALARS) if one.name in names]
    total_n = np.nan_to_num(cached.features.scalars_nf[:, columns]).sum(1)
    return told(total_n[cached.places_p2[:, 0]], total_n[cached.places_p2[:, 1]])


def by_head(head: Head, cached: Cached, dimension: str | None = None) -> Right:
    """By a head's sum, or by one of its dimensions."""
    used, inverse = np.unique(cached.places_p2.astype(np.int64), return_inverse=True)
    scores_nd = head.score(cached.features.rows(used))
    total_n = scores_nd.sum(1) if dimension is None else scores_nd[:, DIMENSIONS.index(dimension)]
    places = inverse.reshape(-1, 2)
    return told(total_n[places[:, 0]], total_n[places[:, 1]])


def fit_letters(pairs: Sequence[RewardPair]) -> Callable[[str], float]:
    """Bradley and Terry over two to four letters together, hashed: what style alone tells."""
    torch.manual_seed(0)
    weights = torch.nn.EmbeddingBag(NUM_LETTERS, 1, mode="mean")
    torch.nn.init.zeros_(weights.weight)
    optimiser = torch.optim.Adam(weights.parameters(), lr=0.05)
    better = [_letters(_text(one, better=True)) for one in pairs]
    worse = [_letters(_text(one, better=False)) for one in pairs]
    for _ in range(6):
        for at in torch.split(torch.randperm(len(pairs)), 64):
            apart = _bag(weights, [better[one] for one in at]) - _bag(weights, [worse[one] for one in at])
            optimiser.zero_grad()
            F.softplus(-apart).mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return lambda text: float(_bag(weights, [_letters(text)]).detach()[0])


@functools.lru_cache(maxsize=50_000)
def _letters(text: str) -> list[int]:
    shown = text[:MOST_LETTERS].casefold()
    found = [shown[at : at + size] for size in (2, 3, 4) for at in range(len(shown) - size + 1)]
    return [zlib.crc32(one.encode()) % NUM_LETTERS for one in found] or [0]


def _bag(weights: torch.nn.EmbeddingBag, rows: Sequence[list[int]]) -> torch.Tensor:
    starts = np.cumsum([0, *(len(one) for one in rows[:-1])])
    flat = torch.tensor([one for row in rows for one in row])
    result: torch.Tensor = weights(flat, torch.tensor(starts))[:, 0]
    return result


def without(train: Cached, scale: Scale, is_left_out: Callable[[RewardPair], bool]) -> Head:
    """A reward of the same recipe, of one seed, that never saw some of the pairs; scales and components,
    which know no labels, are those of all."""
    settings = HeadSettings()
    prepared = prepare(train.where(not is_left_out(one) for one in train.pairs), settings, scale)
    return train_head(prepared, "joint", 0, settings)


def made_table(train: Cached, made: Cached, shipped: Head, letters: Callable[[str], float]) -> Iterator[str]:
    """A row a kind; the mean over kinds, with intervals over pairs."""
    simple = {**simple_scores(made), "letters": of_letters(made, letters)}
    scale = scale_of(train.features, HeadSettings().components)
    columns: dict[str, Right] = {**simple, "reward": by_head(shipped, made)}
    kinds = np.array([one.kind for one in made.pairs])
    families = np.array([KINDS[str(one)].family for one in kinds])
    columns["kind unseen"], columns["family unseen"] = np.zeros(len(kinds)), np.zeros(len(kinds))
    for family in dict.fromkeys(one.family for one in KINDS.values()):
        head = without(train, scale, lambda one, f=family: one.kind in KINDS and KINDS[one.kind].family == f)  # type: ignore[misc]
        columns["family unseen"][families == family] = by_head(head, made)[families == family]
        _say(f"without the family {family}")
    for kind in KINDS:
        head = without(train, scale, lambda one, k=kind: one.kind == k)  # type: ignore[misc]
        columns["kind unseen"][kinds == kind] = by_head(head, made)[kinds == kind]
    yield "Made pairs, articles that training never saw; share of pairs in the right order:"
    yield ""
    yield "| kind | n | " + " | ".join(columns) + " |"
    yield "|---" * (len(columns) + 2) + "|"
    for kind in KINDS:
        some = kinds == kind
        if some.any():
            cells = " | ".join(f"{one[some].mean():.2f}" for one in columns.values())
            yield f"| {kind} | {some.sum()} | {cells} |"
    means = {name: _mean_of_kinds(one, kinds) for name, one in columns.items()}
    yield (
        f"| **mean of kinds** | {len(kinds)} | "
        + " | ".join(f"**{one:.3f}**" for one in means.values())
        + " |"
    )
    lows = [bootstrap_interval(one.tolist()) for one in columns.values()]
    yield "| all pairs, 95% | | " + " | ".join(f"{low:.3f}–{high:.3f}" for low, high in lows) + " |"
    yield ""
    learned = _sources(one for one in train.pairs if one.kind in KINDS)
    yield (
        f"{len({one.question for one in made.pairs})} questions of {_sources(made.pairs)}. Columns"
        f' "unseen": one seed, trained on {learned} of the tuning half without the kind or its family;'
        ' "reward" is what ships, of all kinds and more sets.'
    )


def _sources(pairs: Iterable[RewardPair]) -> str:
    """The sets that pairs are of."""
    return ", ".join(dict.fromkeys(one.source for one in pairs))


def _mean_of_kinds(right: Right, kinds: NDArray[np.str_]) -> float:
    return float(np.mean([right[kinds == kind].mean() for kind in np.unique(kinds)]))


def public_table(report: Cached, shipped: Head) -> Iterator[str]:
    """A row a public set, by the reward that ships; its safety alone, too."""
    public = report.where(one.kind not in KINDS and one.source not in _MADE for one in report.pairs)
    columns = {
        **simple_scores(public),
        **chat_scores(public),
        "safety alone": by_head(shipped, public, "safety"),
        "reward": by_head(shipped, public),
    }
    sources = np.array(
        [f"{one.source}, {one.kind}" if "rm-bench" in one.source else one.source for one in public.pairs]
    )
    judged = np.array([one.startswith("llmbar") for one in sources])
    equal = judged & np.array([is_of_equal_length(one) for one in public.pairs])
    groups = {str(name): sources == name for name in dict.fromkeys(sources) if "llmbar" not in str(name)}
    groups["LLMBar of equal length (ratio {} to {})".format(*EQUAL_LENGTH)] = equal
    sums = np.array(["CaseStudy_Base" in one for one in sources])
    groups["of these, sums in bases 9 and 10"] = equal & sums
    groups["of these, all others"] = equal & ~sums
    yield "Public pairs; the reward was trained on none of these but one half of HH:"
    yield ""
    yield "| set | n | prompts | " + " | ".join(columns) + " | reward, 95% |"
    yield "|---" * (len(columns) + 4) + "|"
    for name, some in groups.items():
        if not some.any():
            continue
        cells = " | ".join(f"{one[some].mean():.3f}" for one in columns.values())
        prompts = [one.group for one, wanted in zip(public.pairs, some, strict=True) if wanted]
        low, high = _by_prompt(columns["reward"][some], prompts)
        yield f"| {name} | {some.sum()} | {len(set(prompts))} | {cells} | {low:.3f}–{high:.3f} |"


def _by_prompt(right: Right, prompts: Sequence[str]) -> tuple[float, float]:
    """The interval of a mean where pairs of one prompt go together."""
    by_prompt: dict[str, list[float]] = {}
    for value, prompt in zip(right.tolist(), prompts, strict=True):
        by_prompt.setdefault(prompt, []).append(value)
    return bootstrap_interval([float(np.mean(one)) for one in by_prompt.values()])


_MADE = {"votes", "drcd", "cmrc", "jsquad", "hotpot"} | {
    f"xquad-{one}" for one in ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
}


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
