"""Text from pictures: rapidocr (extra `ocr`) or the tesseract program, whichever reads the script.

rapidocr reads Latin letters, Chinese and Japanese well and no others, so tesseract is asked first
which script a picture has, where it is installed with its script detection.
"""

from __future__ import annotations

import functools
import importlib.util
import io
import logging
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from everask.documents.draft import Draft
from everask.errors import LimitError, UnreadableError
from everask.types import Word

_RAPID_SCRIPTS = frozenset(["Latin", "Han", "HanS", "HanT", "Japanese", ""])
_SCRIPT_LANGUAGES = {
    "Latin": ("eng", "deu", "fra", "spa", "por", "ita", "nld", "pol", "ces", "tur", "vie"),
    "Cyrillic": ("rus", "ukr", "bul", "srp"), "Arabic": ("ara", "fas", "urd"), "Hebrew": ("heb",),
    "Devanagari": ("hin", "mar", "nep"), "Bengali": ("ben",), "Tamil": ("tam",), "Telugu": ("tel",),
    "Kannada": ("kan",), "Malayalam": ("mal",), "Gujarati": ("guj",), "Gurmukhi": ("pan",),
    "Thai": ("tha",), "Greek": ("ell",), "Hangul": ("kor",), "Korean": ("kor",), "Georgian": ("kat",),
    "Armenian": ("hye",), "Japanese": ("jpn",), "Han": ("chi_sim", "chi_tra"), "HanS": ("chi_sim",),
    "HanT": ("chi_tra",), "Ethiopic": ("amh",), "Khmer": ("khm",), "Lao": ("lao",), "Myanmar": ("mya",),
    "Sinhala": ("sin",),
}  # fmt: skip
_MIN_SCORE = 0.5
_SURE_SCORE = 0.9
_MAX_LANGUAGES = 3
_TIME_SHARE = 0.7
_PROGRAM_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin"
_MAX_PIXELS = 100_000_000
_MAX_SIDE = 4_000


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """A word and its box in pixels of the picture."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


# A line is its words, in order; an empty line parts paragraphs.
RecognisedLine = tuple[RecognisedWord, ...]
Recogniser = Callable[[Image.Image], list[RecognisedLine]]


def find_recogniser(seconds: float) -> Recogniser | None:
    """The best means of reading pictures that is installed, or None.

    `seconds` is what the file may take; pages after most of it is used give nothing.
    """
    program = _find_program()
    languages = _installed_languages(program) if program else frozenset()
    rapid = _load_rapid()
    if rapid is None and not languages:
        return None
    deadline = time.monotonic() + seconds * _TIME_SHARE

    def recognise(picture: Image.Image) -> list[RecognisedLine]:
        if time.monotonic() > deadline:
            return []
        script = _script(program, picture) if program and "osd" in languages else ""
        chosen = [name for name in _SCRIPT_LANGUAGES.get(script, ()) if name in languages]
        if rapid is not None and script in _RAPID_SCRIPTS:
            return _run_rapid(rapid, picture)
        if program and not script:
            chosen = sorted(languages - {"osd"})
        if program and chosen:
            return _run_tesseract(program, picture, chosen)
        # The script was guessed wrong, or nothing here reads it: take what is read without doubt.
        return _run_rapid(rapid, picture, min_score=_SURE_SCORE) if rapid is not None else []

    return recognise


def parse_image(data: bytes, draft: Draft) -> None:
    """Read the text in a picture, if it can be read at all.

    Raises:
        UnreadableError: no means of reading pictures is installed, or the picture is damaged.
    """
    picture = _open_image(data)
    draft.begin_page(1)
    recogniser = find_recogniser(draft.limits.seconds)
    if recogniser is None:
        raise UnreadableError("a picture", "Install the extra 'ocr' (or tesseract) to read the text in it.")
    words = add_recognised(recogniser(picture), draft, 1.0)
    if not words:
        raise UnreadableError("a picture in which no text was recognised", "There is nothing to find in it.")
    draft.end_page(float(picture.width), float(picture.height), "ocr", words)


def add_recognised(lines: Sequence[RecognisedLine], draft: Draft, scale: float) -> list[Word]:
    """Add recognised lines as paragraphs; return their words, boxes scaled to points."""
    words: list[Word] = []
    paragraph: list[RecognisedLine] = []
    for line in (*lines, ()):
        if line:
            paragraph.append(line)
            continue
        parts: list[str] = []
        places: list[tuple[int, RecognisedWord]] = []
        length = 0
        for number, spoken in enumerate(paragraph):
            for position, word in enumerate(spoken):
                gap = "\n" if number and not position else (" " if position else "")
                parts.append(gap + word.text)
                places.append((length + len(gap), word))
                length += len(gap) + len(word.text)
        start, _ = draft.add("text", "".join(parts))
        for at, word in places:
            box = (word.left * scale, word.top * scale, word.right * scale, word.bottom * scale)
            words.append(Word(start + at, start + at + len(word.text), *(round(side, 2) for side in box)))
        paragraph = []
    return words


def _open_image(data: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise LimitError(
                    f"a picture of {opened.width:,} by {opened.height:,} pixels", "Make it smaller."
                )
            picture = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableError("a damaged picture", "Get the file again; it may be cut off.") from error
    return picture


@functools.cache
def _load_rapid() -> Any | None:
    if importlib.util.find_spec("rapidocr") is None:
        return None
    from rapidocr import RapidOCR

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(params={"Global.log_level": "error"})


def _run_rapid(engine: Any, picture: Image.Image, min_score: float = _MIN_SCORE) -> list[RecognisedLine]:
    import numpy

    shrink = min(1.0, _MAX_SIDE / max(picture.size))
    if shrink < 1:
        picture = picture.resize((int(picture.width * shrink), int(picture.height * shrink)))
    found = engine(numpy.asarray(picture)[:, :, ::-1])
    if found is None or found.boxes is None or found.txts is None:
        return []
    pieces: list[RecognisedWord] = []
    scores = found.scores if found.scores is not None else [1.0] * len(found.txts)
    for box, text, score in zip(found.boxes, found.txts, scores, strict=True):
        if score >= min_score and str(text).strip():
            sides = [float(point[0]) for point in box], [float(point[1]) for point in box]
            pieces.append(
                RecognisedWord(
                    " ".join(str(text).split()),
                    min(sides[0]) / shrink,
                    min(sides[1]) / shrink,
                    max(sides[0]) / shrink,
                    max(sides[1]) / shrink,
                )
            )
    if min_score > _MIN_SCORE and len(pieces) < 0.5 * len(found.txts):
        return []
    return list(_paragraphs([tuple(_split_words(piece)) for piece in pieces]))


def _split_words(piece: RecognisedWord) -> Iterator[RecognisedWord]:
    """Words of a line that has one box: its width is shared out by their letters."""
    width = (piece.right - piece.left) / max(1, len(piece.text))
    for found in re.finditer(r"\S+", piece.text):
        left, right = piece.left + found.start() * width, piece.left + found.end() * width
        yield RecognisedWord(found.group(), left, piece.top, right, piece.bottom)


def _paragraphs(lines: list[RecognisedLine]) -> Iterator[RecognisedLine]:
    """The lines, with an empty one wherever the gap is taller than a line."""
    last: RecognisedLine | None = None
    for line in lines:
        if last is not None:
            height = last[0].bottom - last[0].top
            if line[0].top - last[0].bottom > 0.8 * height or line[0].bottom < last[0].top:
                yield ()
        yield line
        last = line


def _find_program() -> str | None:
    return shutil.which("tesseract") or shutil.which("tesseract", path=_PROGRAM_PATH)


def _tesseract(program: str, arguments: Sequence[str], picture: Image.Image | None) -> str:
    """Run tesseract on a picture by pipe; nothing is written to disk. Empty when it fails."""
    buffer = io.BytesIO()
    if picture is not None:
        picture.save(buffer, format="PNG", compress_level=1)
    try:
        done = subprocess.run(
            [program, *arguments],
            input=buffer.getvalue(),
            capture_output=True,
            timeout=60,
            check=False,
            env={"OMP_THREAD_LIMIT": "1", "PATH": os.environ.get("PATH", _PROGRAM_PATH)},
        )
    except (OSError, subprocess.SubprocessError):
        return ""  # a worker may be forbidden to start programs
    return done.stdout.decode("utf-8", "replace")


@functools.cache
def _installed_languages(program: str) -> frozenset[str]:
    lines = _tesseract(program, ["--list-langs"], None).splitlines()
    return frozenset(line.strip() for line in lines[1:] if line.strip())


def _script(program: str, picture: Image.Image) -> str:
    found = re.search(r"^Script: (\w+)", _tesseract(program, ["-", "-", "--psm", "0"], picture), re.MULTILINE)
    return found.group(1) if found else ""


def _run_tesseract(program: str, picture: Image.Image, languages: Sequence[str]) -> list[RecognisedLine]:
    named = "+".join(list(languages)[:_MAX_LANGUAGES])
    table = _tesseract(program, ["-", "-", "-l", named, "tsv"], picture)
    lines: dict[tuple[str, ...], list[RecognisedWord]] = {}
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip() and float(cells[10]) > 20:
            left, top, width, height = (float(cell) for cell in cells[6:10])
            word = RecognisedWord(cells[11].strip(), left, top, left + width, top + height)
            lines.setdefault(tuple(cells[1:5]), []).append(word)
    result: list[RecognisedLine] = []
    last: tuple[str, ...] | None = None
    for key, words in lines.items():
        if last is not None and key[:3] != last[:3]:
            result.append(())
        result.append(tuple(words))
        last = key
    return result
