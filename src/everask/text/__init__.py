"""Text in every script: cleaning, words, sentences, index tokens, highlights, language. No models."""

from everask.text.language import language_of
from everask.text.marks import mark
from everask.text.normal import clean
from everask.text.segment import words
from everask.text.sentences import sentences
from everask.text.tokens import analyse, analyse_query

__all__ = ["analyse", "analyse_query", "clean", "language_of", "mark", "sentences", "words"]
