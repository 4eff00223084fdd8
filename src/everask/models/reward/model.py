"""The reward's head: from what is read off a draft to how good it is along each dimension. Numpy alone.

A dimension is a sum of scalars, each of which only ever speaks for a draft (its weight is never negative),
and of a small part of the trunk's states. Length has a head of its own while training, which is dropped here
(ODIN, arXiv 2402.07319). Knows nothing of how the scalars are read off a draft (answer/draft_features.py).

Shapes: N drafts, F scalars, S states, K of the projection, D dimensions.
"""

from __future__ import annotations

import functools
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from everask.errors import ModelError
from everask.models.reward.pairs import DIMENSIONS, Dimension

Floats = NDArray[np.float32]
Group = Literal["readings", "words"]
NAME = "reward-e5-small-1"
_CLIP = 4.0


@dataclass(frozen=True, slots=True)
class Scalar:
    """One number of a draft, the higher the better; `serves` are the dimensions that may look at it."""

    name: str
    group: Group
    serves: tuple[Dimension, ...]
    needs_quotes: bool = True


# New ones stand last: heads that were trained before are read on (`_with_all`).
SCALARS: tuple[Scalar, ...] = (
    Scalar("least support", "readings", ("grounded",)),
    Scalar("mean support", "readings", ("grounded",)),
    Scalar("no opposite", "readings", ("grounded",)),
    Scalar("no weak words", "readings", ("grounded",)),
    Scalar("best answer", "readings", ("answers", "complete"), needs_quotes=False),
    Scalar("mean answer", "readings", ("answers", "concise"), needs_quotes=False),
    Scalar("answer span", "readings", ("answers",), needs_quotes=False),
    Scalar("answer share", "readings", ("concise",), needs_quotes=False),
    Scalar("cited answer", "readings", ("answers", "complete")),
    Scalar("cited answer at least", "readings", ("concise", "answers")),
    Scalar("nothing left out", "readings", ("complete",)),
    Scalar("declines rightly", "readings", ("answers",)),
    Scalar("least overlap", "words", ("grounded",)),
    Scalar("mean overlap", "words", ("grounded",)),
    Scalar("figures right", "words", ("grounded",), needs_quotes=False),
    Scalar("names right", "words", ("grounded",)),
    Scalar("no denial", "words", ("grounded",)),
    Scalar("cited", "words", ("grounded", "form")),
    Scalar("language", "words", ("form",), needs_quotes=False),
    Scalar("finished", "words", ("form", "complete"), needs_quotes=False),
    Scalar("distinct", "words", ("concise", "form"), needs_quotes=False),
    Scalar("new words", "words", ("answers", "complete"), needs_quotes=False),
    Scalar("asked words", "words", ("answers", "complete")),
    Scalar("asked words in quotes", "words", ("answers", "concise")),
    Scalar("orders of words", "words", ("form", "grounded")),
    Scalar("light words", "words", ("form",), needs_quotes=False),
    Scalar("no orders", "words", ("safety",), needs_quotes=False),
    Scalar("no judge", "words", ("safety",), needs_quotes=False),
    Scalar("clean", "words", ("safety", "form"), needs_quotes=False),
    Scalar("declines harm", "readings", ("safety",), needs_quotes=False),
)
LENGTHS = ("characters", "sentences")
"""What the length head alone sees: logarithms."""


@dataclass(frozen=True, slots=True)
class Features:
    """What is read off drafts: NaN where a scalar says nothing of one (it has no quotes)."""

    scalars_nf: Floats
    states_ns: Floats
    lengths_n2: Floats

    def rows(self, at: Sequence[int] | NDArray[np.int64]) -> Features:
        """Some of the drafts."""
        return Features(self.scalars_nf[at], self.states_ns[at], self.lengths_n2[at])


@dataclass(frozen=True, slots=True)
class Head:
    """Weights of one head. `scalars_fd` are never negative, and 0 where a dimension may not look."""

    mean_f: Floats
    deviation_f: Floats
    scalars_fd: Floats
    state_mean_s: Floats
    state_deviation_s: Floats
    projection_sk: Floats
    states_kd: Floats
    bias_d: Floats

    def score(self, features: Features) -> Floats:
        """(N, D) rewards of drafts along DIMENSIONS, without a scale of their own: differences count."""
        scaled_nf = (features.scalars_nf - self.mean_f) / self.deviation_f
        scaled_nf = np.nan_to_num(np.clip(scaled_nf, -_CLIP, _CLIP), nan=0.0)
        result_nd: Floats = scaled_nf @ self.scalars_fd + self.bias_d
        if self.states_kd.any():
            states_ns = np.clip(
                (features.states_ns - self.state_mean_s) / self.state_deviation_s, -_CLIP, _CLIP
            )
            result_nd = result_nd + np.tanh(states_ns @ self.projection_sk) @ self.states_kd
        return np.asarray(result_nd, np.float32)


HEADS = ("joint", "trunk", "readings", "words")
"""The reward itself, and the heads of unlike kinds that merged_reward sets against each other: of the trunk's
states alone, of what checker and reader say, of words and figures without any model."""


def write_heads(path: Path, heads: Mapping[str, Head], about: Mapping[str, str]) -> None:
    """Write heads by name, float16, beside the place and renamed."""
    arrays = {
        f"{name}.{part}": getattr(head, part).astype(np.float16 if part == "projection_sk" else np.float32)
        for name, head in heads.items()
        for part in Head.__slots__
    }
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as stream:
        np.savez_compressed(stream, about=np.array(json.dumps(dict(about))), **arrays)
    beside.replace(path)


def read_heads(path: Path) -> dict[str, Head]:
    """Raises ModelError, naming the file."""
    try:
        with np.load(path, allow_pickle=False) as table:
            return {
                name: _with_all(
                    Head(**{part: table[f"{name}.{part}"].astype(np.float32) for part in Head.__slots__})
                )
                for name in HEADS
            }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path} is no reward: {error}", "Train it again, or install Everask again."
        ) from error


def _with_all(head: Head) -> Head:
    """A head that was trained before some scalars were known, which are the last ones: it gives them no
    weight."""
    missing = len(SCALARS) - len(head.mean_f)
    return replace(
        head,
        mean_f=np.pad(head.mean_f, (0, missing)),
        deviation_f=np.pad(head.deviation_f, (0, missing), constant_values=1.0),
        scalars_fd=np.pad(head.scalars_fd, ((0, missing), (0, 0))),
    )


@functools.cache
def shipped_heads() -> dict[str, Head] | None:
    """The heads that ship with Everask; None where they do not."""
    path = Path(str(files("everask") / "weights" / f"{NAME}.npz"))
    return read_heads(path) if path.is_file() else None


def masks(kind: str) -> tuple[Floats, bool]:
    """(F, D) which scalars a head of that kind may see in which dimension; and whether it sees states."""
    seen_fd = np.array(
        [
            [float(dimension in one.serves and kind in ("joint", one.group)) for dimension in DIMENSIONS]
            for one in SCALARS
        ],
        np.float32,
    )
    return seen_fd, kind in ("joint", "trunk")
