"""Trains the question form: python -m everask.models.reader.train --minutes 30 --work FOLDER

One adapter and its heads for two tasks: which text answers (the ranker), and by which words (the reader).
Writes FOLDER/question.npz, and says on the way how well questions on articles that were held out do. Killed,
it goes on from its last checkpoint when it is started again in the same folder. Needs the shared data
(EVERASK_SHARED_DATA or ../shared/data), the pack e5-small, and the extra `train`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from everask import packs
from everask.encoder.adapter import read_adapter, write_adapter
from everask.encoder.q4_file import read_q4_file
from everask.encoder.tokens import PieceTokenizer, open_pieces, write_pieces
from everask.errors import ModelError, TrainingError
from everask.evaluate.calibration import Judged, calibrate
from everask.models.reader.data import draw_groups
from everask.train.loop import LoopSettings, Report, Step, run, set_up, try_step
from everask.train.question import END, HELD, START, QuestionModel, measure_loss, score_sentences
from everask.train.question_batch import Batch, Group, make_batch, make_batches
from everask.train.trunk import load_trunk

NAME = "question.npz"
_PLAN = "plan.json"
_TRIAL_STEPS = 6
_SHARE_FOR_STEPS = 0.91  # of the minutes; the rest is for measuring and writing
_MEASURED_AT = (0.25, 0.5, 0.75)
_NUM_HELD_OUT = 120


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the question form is trained: `groups` of `texts` a step, for `minutes`."""

    minutes: float = 30.0
    groups: int = 6
    texts: int = 3
    max_tokens: int = 176
    rank: int = 32
    rate: float = 8e-4
    seed: int = 0
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Figures:
    """On questions that were held out: shares of groups whose right text, right sentence and answer's
    words come first; of texts, how well the logit tells answering ones (AUROC)."""

    text: float
    sentence: float
    span: float
    answers: float


def main() -> None:
    """The command."""
    given = _arguments()
    settings = TrainSettings(
        given.minutes,
        given.groups,
        given.texts,
        given.max_tokens,
        given.rank,
        given.rate,
        given.seed,
        given.threads,
    )
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or Path.cwd().parent / "shared" / "data")
    file = packs.find("e5-small", packs.default_folder())
    if file is None:
        raise ModelError("The encoder's weights are not there.", "Fetch them: everask models pull e5-small")
    if not (data / "p02_xquad").is_dir():
        raise TrainingError(f"There is no data in {data}.", "Name its folder in EVERASK_SHARED_DATA.")
    given.work.mkdir(parents=True, exist_ok=True)
    print(train(file, data, given.manuals, given.start, given.work, settings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = TrainSettings()
    parser.add_argument("--work", type=Path, required=True, help="checkpoints, and the adapter at the end")
    parser.add_argument("--minutes", type=float, default=defaults.minutes)
    parser.add_argument("--groups", type=int, default=defaults.groups, help="questions a step")
    parser.add_argument("--texts", type=int, default=defaults.texts, help="texts a question")
    parser.add_argument("--max-tokens", type=int, default=defaults.max_tokens)
    parser.add_argument("--rank", type=int, default=defaults.rank, help="of the adapter")
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=defaults.threads)
    parser.add_argument("--start", type=Path, help="an adapter of the same rank to start from (search's)")
    parser.add_argument("--manuals", type=Path, help="sections.jsonl, from dev/build_manuals.py")
    return parser.parse_args()


def train(
    file: Path,
    data: Path,
    manuals: Path | None,
    start: Path | None,
    work: Path,
    settings: TrainSettings,
) -> Path:
    """Train and write the adapter; return where it is. Raises TrainingError."""
    began = time.monotonic()
    tokenizer = _open_tokenizer(file, work)
    model = _make_model(file, start, settings)
    held_out = draw_groups(data, None, _NUM_HELD_OUT, 3, 1, held_out=True)
    plan = _plan(model, tokenizer, data, manuals, work, settings)
    batches = make_batches(
        draw_groups(data, manuals, plan * settings.groups, settings.texts - 1, settings.seed),
        settings.groups,
        settings.seed,
    )
    _say(f"{plan} steps of {settings.groups} questions with {settings.texts} texts; {len(batches)} batches")

    def progress(report: Report) -> None:
        if report.step % 20 == 0:
            _say(
                f"step {report.step} of {report.steps}, loss {report.loss:.3f}, "
                f"{report.examples_per_second:.1f} texts/s, {report.seconds_left / 60:.1f} min left"
            )
        if any(report.step == round(share * report.steps) for share in _MEASURED_AT):
            some = held_out[: len(held_out) // 2]
            _say(_shown(measure(model, tokenizer, some, settings.max_tokens)[0]))

    loop = LoopSettings(
        steps=plan,
        seed=settings.seed,
        batch=settings.groups * settings.texts,
        rate=settings.rate,
        warm_up=0.08,
        seconds=max(20.0, settings.minutes * 60 - (time.monotonic() - began)),
        save_seconds=120,
    )
    step = _step(model, tokenizer, batches, settings)
    ended = run(model, step, loop, work / "checkpoints", progress, _say)
    _say(f"{ended.ending} at step {ended.step} of {plan} after {ended.seconds / 60:.1f} min")
    figures, logits = measure(model, tokenizer, held_out, settings.max_tokens)
    _say(_shown(figures))
    scale, shift = calibrate(logits)
    about = {
        "scale": f"{scale:.4f}",
        "shift": f"{shift:.4f}",
        "steps": str(ended.step),
        "texts": str(ended.step * loop.batch),
        "minutes": f"{ended.seconds / 60:.1f}",
        "seed": str(settings.seed),
        "held out": _shown(figures),
    }
    write_adapter(work / NAME, model.tensors(), about)
    return work / NAME


def _step(
    model: QuestionModel,
    tokenizer: PieceTokenizer,
    batches: Sequence[Sequence[Group]],
    settings: TrainSettings,
) -> Step:
    def step(number: int, _generator: Generator) -> Tensor:
        batch = batches[number % len(batches)]
        draw = random.Random(f"{settings.seed}-{number}")
        return measure_loss(model, make_batch(tokenizer, batch, settings.max_tokens, draw))

    return step


def _make_model(file: Path, start: Path | None, settings: TrainSettings) -> QuestionModel:
    set_up(settings.threads, settings.seed)
    if start is None:
        return QuestionModel(load_trunk(file, rank=settings.rank))
    adapter = read_adapter(start)
    # The rank is the adapter's own.
    rank = next(one.shape[0] for name, one in adapter.tensors.items() if name.endswith(".a"))
    model = QuestionModel(load_trunk(file, rank=rank, adapter=start))
    if any(name.startswith("head.tokens") for name in adapter.tensors):
        model.load_heads(adapter)
    return model


def _plan(
    model: QuestionModel,
    tokenizer: PieceTokenizer,
    data: Path,
    manuals: Path | None,
    work: Path,
    settings: TrainSettings,
) -> int:
    """How many steps the minutes allow: as was planned before in this folder, else by trying some."""
    path = work / _PLAN
    if path.is_file():
        return int(json.loads(path.read_text("utf-8"))["steps"])
    groups = draw_groups(data, manuals, settings.groups * (_TRIAL_STEPS + 1), settings.texts - 1, 99)
    step = _step(model, tokenizer, make_batches(groups, settings.groups, 99), settings)
    seconds: list[float] = []
    for number in range(_TRIAL_STEPS):
        began = time.monotonic()
        try_step(model, step, number)
        seconds.append(time.monotonic() - began)
    each = float(np.median(seconds[1:]))
    steps = max(10, round(settings.minutes * 60 * _SHARE_FOR_STEPS / each))
    path.write_text(json.dumps({"steps": steps, "seconds a step": round(each, 3)}), "utf-8")
    return steps


def measure(
    model: QuestionModel, tokenizer: PieceTokenizer, groups: Sequence[Group], max_tokens: int
) -> tuple[dict[str, Figures], list[Judged]]:
    """Figures by kind of question; and of each text, the logit and whether it answers."""
    was_training = model.training
    model.eval()
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    logits: dict[str, list[Judged]] = defaultdict(list)
    draw = random.Random(5)
    for group in groups:
        batch = make_batch(tokenizer, [group], max_tokens, draw)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            answers_b, tokens_bs3 = model(batch.ids_bs, batch.mask_bs, batch.parts_b2s)
        right_b = batch.answers_b > 0
        logits[group.name] += zip(answers_b.tolist(), right_b.tolist(), strict=True)
        if not right_b.any():
            continue
        sentence_j = score_sentences(tokens_bs3[:, :, HELD], batch)
        first = bool(right_b[answers_b.argmax()])
        sentence = bool(batch.right_j[sentence_j.argmax()]) if batch.right_j.any() else float("nan")
        span = float("nan")
        if batch.starts_bs[:, 1:].any():
            row = int(right_b.nonzero()[0, 0])
            span = float(_best_span_is_right(tokens_bs3[row], batch.text_bs[row], batch, row))
        found[group.name].append((float(first), float(sentence), span))
    model.train(was_training)
    figures = {name: Figures(*_means(rows), _auroc(logits[name])) for name, rows in found.items()}
    return figures, [one for some in logits.values() for one in some]


def _means(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Of each column, without what is not known."""
    columns = [[value for value in column if value == value] for column in zip(*rows, strict=True)]
    text, sentence, span = (float(np.mean(one)) if one else float("nan") for one in columns)
    return text, sentence, span


def _best_span_is_right(tokens_s3: Tensor, text_s: Tensor, batch: Batch, row: int) -> bool:
    starts_bs, ends_bs = batch.starts_bs, batch.ends_bs
    far = ~text_s
    start = int(tokens_s3[:, START].masked_fill(far, -1e4).argmax())
    end = int(tokens_s3[:, END].masked_fill(far, -1e4).argmax())
    return bool(starts_bs[row, start]) and bool(ends_bs[row, end])


def _auroc(pairs: Sequence[Judged]) -> float:
    right = np.array([score for score, is_right in pairs if is_right])
    wrong = np.array([score for score, is_right in pairs if not is_right])
    if not len(right) or not len(wrong):
        return float("nan")
    return float((right[:, None] > wrong[None]).mean() + 0.5 * (right[:, None] == wrong[None]).mean())


def _shown(figures: dict[str, Figures]) -> str:
    return "held out (text, sentence, words first; AUROC): " + "; ".join(
        f"{name} {one.text:.2f} {one.sentence:.2f} {one.span:.2f}; {one.answers:.2f}"
        for name, one in sorted(figures.items())
    )


def _open_tokenizer(file: Path, work: Path) -> PieceTokenizer:
    path = work / "pieces.model"
    if not path.is_file():
        write_pieces(read_q4_file(file).pieces, path)
    return open_pieces(path)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
