"""Prompts and replies for the cited answer, from what the product found: see summariser_cases.py.

    python dev/summariser_examples.py [--work .bench/summariser] [--seed 0]

Reads WORK/cases.jsonl, writes WORK/examples.jsonl (and WORK/kept.jsonl of articles that are held out): the
prompt as the product makes it, letter by letter, and the sentence with its number, or NOT FOUND. The order
of quotes is mostly the product's, sometimes drawn; the right one is sometimes taken away.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from everask.answer.prompts import NOT_FOUND, TUNED_SENTENCE, build_messages, estimate_tokens
from everask.generator import Message
from everask.generator.chat import render_chatml, strip_controls
from everask.models.summariser.targets import make_sentence, wrong_figures
from everask.types import Query

ROOT = Path(__file__).parents[1]
BUDGETS = (150, 190, 220, 220, 220)
MOST_QUOTES = 5
SHUFFLED = 0.3
# Training's own articles are read too well to leave many quotes: often unlikely ones are let in.
FILLED = 0.55
REMOVED = 0.1
LEAST_AGAINST_BEST = 0.1
REFUSALS = 0.2

Row = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "summariser")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    rows = [json.loads(line) for line in (given.work / "cases.jsonl").read_text("utf-8").splitlines()]
    for name, held_out in (("examples", False), ("kept", True)):
        made = make_examples([row for row in rows if row["is_held_out"] == held_out], draw)
        lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in made)
        (given.work / f"{name}.jsonl").write_text("".join(lines), "utf-8")
        print(name, len(made), Counter(one["group"] for one in made))
        print("  where the quote stands", sorted(Counter(one["places"] for one in made).items()))
        print("  languages", Counter(one["language"] for one in made))


def make_examples(rows: Sequence[Row], draw: random.Random) -> list[Row]:
    """One example a case, at most one in five a refusal, in a drawn order."""
    answered: list[Row] = []
    refused: list[Row] = []
    for row in rows:
        one = answer_example(row, draw)
        if one is not None:
            answered.append(one)
        refusal = refuse_example(row, draw)
        if refusal is not None:
            refused.append(refusal)
    draw.shuffle(refused)
    made = answered + refused[: int(len(answered) * REFUSALS / (1 - REFUSALS))]
    draw.shuffle(made)
    return made


def answer_example(row: Row, draw: random.Random) -> Row | None:
    """A case whose evidence holds the answer; None where the reply is not to be had from it."""
    quotes = choose(row["found"], draw)
    right = [one for one in row["found"] if one["right"]]
    if not right:
        return None
    if not any(one["right"] for one in quotes):
        quotes = [*quotes[:-1], right[0]] if len(quotes) > 1 else [*quotes, right[0]]
    if draw.random() < SHUFFLED:
        draw.shuffle(quotes)
    reply = _hops(row, quotes) if row["needs_all"] else _single(row, quotes)
    return _example(row, row["group"], quotes, reply) if reply else None


def _single(row: Row, quotes: Sequence[Row]) -> list[tuple[str, int]]:
    """The sentence of a quote in the question's language, else how a person says it there."""
    right = [at for at, one in enumerate(quotes) if one["right"]]
    own = [at for at in right if quotes[at]["language"] == row["language"]]
    at = (own or right)[0]
    source = quotes[at]["text"] if own and row["group"] != "tables" else row["reply"]
    sentence = make_sentence(source, row["answers"], row["question"], row["language"])
    if row["group"] == "manuals" and len(source) < max(30, 1.5 * len(row["question"])):
        return []  # a heading that says itself again
    if sentence is None or wrong_figures(
        sentence, [quotes[at]["shown"], quotes[at]["heading"], row["question"]]
    ):
        return []
    return [(sentence, at + 1)]


def _hops(row: Row, quotes: Sequence[Row]) -> list[tuple[str, int]]:
    """Both sentences, the one that holds the answer last; the answer must be there unless it is yes or no."""
    parts: list[tuple[str, int, bool]] = []
    for at, one in enumerate(quotes):
        if one["right"]:
            sentence = make_sentence(one["text"], (), row["question"], "en")
            if sentence is not None:
                parts.append((sentence, at + 1, row["answers"][0] in one["text"]))
    needed = row["answers"][0].lower() in ("yes", "no")
    files = {quotes[number - 1]["file"] for _, number, _ in parts}
    if (needed and len(files) < 2) or not (needed or any(has for _, _, has in parts)):
        return []
    last = sorted(parts, key=lambda part: part[2])
    return [(sentence, number) for sentence, number, _ in last][-2:]


def refuse_example(row: Row, draw: random.Random) -> Row | None:
    """The case without its answer: what the search finds then, or the same quotes without the right one."""
    if row["without"]:
        quotes = choose(row["without"], draw)
    elif draw.random() < 3 * REMOVED:
        quotes = choose([one for one in row["found"] if not one["right"]], draw)
    else:
        return None
    shown = " ".join(one["shown"] for one in quotes).casefold()
    if not quotes or row["needs_all"] or row["group"] == "manuals":
        return None
    if any(one.casefold() in shown for one in row["answers"]):
        return None
    return _example(row, "refusal", quotes, [])


def choose(evidence: Sequence[Row], draw: random.Random) -> list[Row]:
    """As answer.write.choose_prompt, with a budget that is sometimes smaller."""
    budget = draw.choice(BUDGETS)
    least = (
        0.0
        if draw.random() < FILLED
        else LEAST_AGAINST_BEST * evidence[0]["probability"]
        if evidence
        else 0.0
    )
    chosen: list[Row] = []
    for one in evidence[:MOST_QUOTES]:
        budget -= estimate_tokens(one["shown"]) + 4
        if chosen and (budget < 0 or one["probability"] < least):
            break
        chosen.append(one)
    return chosen


def _example(
    row: Row, group: str, quotes: Sequence[Mapping[str, Any]], reply: Sequence[tuple[str, int]]
) -> Row:
    query = Query(row["question"], row["language"])
    said = build_messages(query, [one["shown"] for one in quotes], tuned=True)
    lines = [TUNED_SENTENCE.format(sentence=sentence, number=number) for sentence, number in reply]
    return {
        "group": group,
        "language": row["language"],
        "prompt": render_chatml([Message(one.role, strip_controls(one.content)) for one in said]),
        "reply": "\n".join(lines) or NOT_FOUND,
        "answers": row["answers"],
        "places": ",".join(str(number) for _, number in reply) + f" of {len(quotes)}",
    }


if __name__ == "__main__":
    main()
