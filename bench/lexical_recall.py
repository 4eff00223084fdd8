"""Is every word of a document found? Words drawn by segmenters that Everask does not use.

Usage: python bench/lexical_recall.py [--words 400]
Reads the shared data from EVERASK_SHARED_DATA or ../shared/data. Needs: pip install jieba sudachipy
sudachidict-small pythainlp.

A word is drawn from a passage (white space; jieba for Chinese, Sudachi for Japanese, PyThaiNLP's newmm
for Thai), and is the whole query; its language is detected from the word alone. `found` is the share of
words that share a token with the passage that they were drawn from: such a passage is among the hits.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jieba
import pythainlp
import sudachipy

from everask.evaluate.suites import load_suites
from everask.text import analyse, analyse_query, language_of

_BETWEEN_WORDS = re.compile("[\\s!-/:-@\\[-`{-~«»„“”‘’؟،؛।¡¿–—…、。：；（）《》「」？！，·]+")
_UNSPACED = re.compile("([\u0e01-\u0e5b]+|[\u3005-\u30ff\u3400-\u9fff]+)")
_HAS_WORD = re.compile(r"[^\W_ـ]")


def _data_folder() -> Path:
    return Path(os.environ.get("EVERASK_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))


def _spaced(text: str) -> list[str]:
    """Words between spaces and punctuation that is no part of them."""
    return [part for part in _BETWEEN_WORDS.split(text) if part]


def _unspaced(text: str, segment: Callable[[str], list[str]]) -> list[str]:
    """The segmenter's words of the unspaced script's own runs; the rest as spaced words."""
    found: list[str] = []
    for run in _UNSPACED.split(text):
        found.extend(segment(run) if _UNSPACED.fullmatch(run) else _spaced(run))
    return found


def _chinese(text: str) -> list[str]:
    return _unspaced(text, lambda run: [str(word) for word in jieba.cut(run)])


def _japanese() -> Callable[[str], list[str]]:
    tokenizer = sudachipy.Dictionary(dict="small").tokenizer()
    return lambda text: _unspaced(text, lambda run: [word.surface() for word in tokenizer.tokenize(run)])


def _thai(text: str) -> list[str]:
    return _unspaced(text, lambda run: [str(word) for word in pythainlp.word_tokenize(run, engine="newmm")])


def _korean_texts(folder: Path) -> list[str]:
    lines = (folder / "p11_miracl_topics" / "ko-train.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t", 1)[1] for line in lines]


def _texts(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Name, language and texts of each collection."""
    for suite in load_suites(folder):
        if suite.name.startswith("xquad-own") or suite.name in ("drcd", "cmrc", "jsquad"):
            language = next(iter(suite.passages.values())).language
            yield suite.name, language, [item.text for item in suite.passages.values()]
    yield "miracl-topics-ko", "ko", _korean_texts(folder)


def _drawn(words: list[str], draw: random.Random) -> str | None:
    kept = [word.strip() for word in words if _HAS_WORD.search(word.strip())]
    return draw.choice(kept) if kept else None


def measure(
    language: str, texts: list[str], segment: Callable[[str], list[str]], num_words: int
) -> tuple[float, list[str]]:
    """The share of words that were found, and those that were not."""
    draw = random.Random(11)
    tokens = [frozenset(analyse(text, language)) for text in texts]
    missed = []
    for _ in range(num_words):
        number = draw.randrange(len(texts))
        word = _drawn(segment(texts[number]), draw)
        if word is not None and tokens[number].isdisjoint(analyse_query(word, language_of(word))):
            missed.append(word)
    return 1 - len(missed) / num_words, missed


def main() -> None:
    """Print one line a collection; exit 1 when a word was not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=400)
    arguments = parser.parse_args()
    jieba.setLogLevel(60)
    segmenters = {"zh": _chinese, "ja": _japanese(), "th": _thai}
    worst = 1.0
    print("| collection | language | words | found |")
    print("|---|---|---|---|")
    for name, language, texts in _texts(_data_folder()):
        found, missed = measure(language, texts, segmenters.get(language, _spaced), arguments.words)
        worst = min(worst, found)
        print(f"| {name} | {language} | {arguments.words} | {found:.4f} |", flush=True)
        if missed:
            print("not found:", *missed[:40], file=sys.stderr)
    sys.exit(0 if worst == 1.0 else 1)


if __name__ == "__main__":
    main()
