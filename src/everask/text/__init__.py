"""Text in every script: cleaning, words, sentences, index tokens, highlights, language. No models."""

from everask.text.language import is_code, language_of
from everask.text.marks import mark
from everask.text.normal import clean
from everask.text.segment import words
from everask.text.sentences import sentences
from everask.text.stems import has_stems
from everask.text.tokens import ANALYSIS, analyse, analyse_query
from everask.text.wording import holds, wording_tokens

__all__ = [
    "ANALYSIS",
    "analyse",
    "analyse_query",
    "clean",
    "has_stems",
    "holds",
    "is_code",
    "language_of",
    "mark",
    "sentences",
    "wording_tokens",
    "words",
]
