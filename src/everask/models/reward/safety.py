"""Whether a question asks for harm, and whether a reply declines: a line each over the encoder's vectors.

To decline is good where harm is asked for, and bad where it is not: so one number, the chance that a reply
declines times how far the chance of harm stands above what is still answered. Numpy alone. The encoder knows
a hundred languages, so lines that were learned in a few hold in others. Knows nothing of quotes: what a
user's own documents say is theirs to read.
"""

from __future__ import annotations

import functools
import zipfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.errors import ModelError
from everask.text import sentences

Floats = NDArray[np.float32]
NAME = "safety-e5-small-1.npz"
OPENING_CHARS = 60
_MOST_OPENING = 400
_LOOKED_AT = 1500


@dataclass(frozen=True, slots=True)
class Safety:
    """The lines, each with its constant last: (D + 1,). `answered` is the chance of harm up to which a reply
    that declines is the worse one."""

    harm_d: Floats
    declines_d: Floats
    answered: float

    def harm(self, question_d: Floats) -> float:
        """0..1 the chance that a question asks for harm, by its vector as a query."""
        return float(_chances(question_d[None], self.harm_d)[0])

    def declines(self, openings_nd: Floats) -> Floats:
        """(N,) 0..1 the chances that replies decline, by the vectors of their openings as passages."""
        return _chances(openings_nd, self.declines_d)

    def judge(self, question_d: Floats, openings_nd: Floats) -> Floats:
        """(N,) -1..1: 0 where nothing is declined."""
        apart = self.harm(question_d) - self.answered
        most = (1 - self.answered) if apart > 0 else self.answered
        return np.asarray(self.declines(openings_nd) * (apart / most), np.float32)


def _chances(vectors_nd: Floats, line_d: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(vectors_nd @ line_d[:-1] + line_d[-1]))), np.float32)


def opening(text: str, language: str) -> str:
    """What a reply begins with: its first sentence, and the next while it is short."""
    shown, found = text[:_LOOKED_AT], ""
    for start, end in sentences(shown, language):
        found = f"{found} {shown[start:end].strip()}".strip()
        if len(found) >= OPENING_CHARS:
            break
    return found[:_MOST_OPENING]


def write_safety(path: Path, safety: Safety) -> None:
    """As .npz."""
    with path.open("wb") as stream:
        np.savez(stream, harm=safety.harm_d, declines=safety.declines_d, answered=safety.answered)


def read_safety(path: Path) -> Safety:
    """Raises ModelError, naming the file."""
    try:
        with np.load(path, allow_pickle=False) as table:
            harm_d, declines_d = table["harm"].astype(np.float32), table["declines"].astype(np.float32)
            return Safety(harm_d, declines_d, float(table["answered"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} holds no safety: {error}", "Install Everask again.") from error


@functools.cache
def shipped_safety() -> Safety | None:
    """What ships with Everask; None where it does not."""
    path = Path(str(files("everask") / "weights" / NAME))
    return read_safety(path) if path.is_file() else None
