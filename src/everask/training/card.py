"""The card of what was trained: what it learned from, and its figures beside those of what served before."""

from __future__ import annotations

from collections.abc import Mapping

from everask.pipeline.jobs import JobState
from everask.pipeline.learning import SENTENCES
from everask.training.gate import Comparison, Verdict

WORTH = "Worth of what is shown (1 for a right sentence, 0 for a wrong one, the threshold where the quote is)"


def make_card(state: JobState, verdict: Verdict) -> str:
    """Markdown, for the user who owns the documents."""
    said = state.settings
    kept = "It is kept, and serves." if verdict.is_kept else f"It is not kept. {verdict.why}"
    lines = [
        f"# {state.name}: search, taught on these documents",
        "",
        kept,
        "",
        f"- Learned from {said.get('sections')} sections of "
        f"{_difference(said.get('documents'), said.get('held_out'))} documents; "
        f"{said.get('held_out')} other documents were held out for the questions below. "
        f"{said.get('in_several_languages')} were there in several languages.",
        f"- Left out: {said.get('limited')} documents that only some may read (the encoder is "
        f"everyone's), and {said.get('sampled_out')} that were not needed.",
        f"- Recipe: search_bert, {said.get('trained')} steps, seed {said.get('seed') or 0}, last loss "
        f"{said.get('loss')}; {said.get('with_hard_negatives')} sections with hard negatives from search.",
        "",
        *_table("questions", {"all": verdict.all, **verdict.kinds}),
        "",
        *_table("language", verdict.languages),
        "",
        f"nDCG@10 of search as a whole, before and now, on questions that held-out documents ask by "
        f"themselves; paired randomisation test over all: p = {verdict.p:.4f}.",
    ]
    return "\n".join(lines) + "\n"


def make_judged_card(state: JobState, verdict: Verdict) -> str:
    """Markdown, of what was learned from what people did."""
    said = state.settings
    of_sentences = state.kind == SENTENCES
    what, figure = ("sentences", WORTH) if of_sentences else ("questions", "nDCG@10 or share right")
    told = "whose words" if of_sentences else "whose answers"
    alone = "" if of_sentences else ", without what is remembered"
    lines = [
        f"# {state.name}: learned from what people did",
        "",
        "It passed the gate." if verdict.is_kept else f"It is not kept. {verdict.why}",
        "",
        f"- Learned from {said.get('examples')} {what} that {said.get('people')} people judged; "
        f"{said.get('questions')} others, {told} stand in other documents, were held out to measure.",
        f"- Left out: {said.get('left_out')} events that teach nothing (`everask train status` says why).",
        "",
        *_table(what, {"all": verdict.all, **verdict.kinds}),
        "",
        *_table("language", verdict.languages),
        "",
        f"{figure}, before and now, on {what} held out{alone}; paired randomisation test: "
        f"p = {verdict.p:.4f}.",
    ]
    return "\n".join(lines) + "\n"


def _table(name: str, rows: Mapping[str, Comparison]) -> list[str]:
    head = [f"| {name} | number | before | now | difference (95%) |", "|---|---|---|---|---|"]
    return head + [
        f"| {label} | {one.num_questions} | {one.before:.3f} | {one.after:.3f} "
        f"| {one.after - one.before:+.3f} ({one.low:+.3f} to {one.high:+.3f}) |"
        for label, one in rows.items()
    ]


def _difference(whole: object, part: object) -> int:
    return int(str(whole or 0)) - int(str(part or 0))
