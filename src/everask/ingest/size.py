"""How long a text will be for an encoder, without asking one."""

from __future__ import annotations

from everask.text.characters import runs

# Characters to a piece of multilingual-e5's vocabulary, fitted on XQuAD's languages, DRCD and JSQuAD.
_LATIN_PIECE = 6
_OTHER_PIECE = 4
_CJK_PIECE = 1.4
_SEA_PIECE = 3.6
_PUNCTUATION = 1.12
_END_OF_LATIN = "\u0250"


def count_tokens(text: str) -> int:
    """About how many tokens `text` has: words and their parts, Chinese characters, Thai syllables."""
    pieces = 0.0
    for start, end, kind in runs(text):
        length = end - start
        if kind == "word":
            size = _LATIN_PIECE if text[start] < _END_OF_LATIN else _OTHER_PIECE
            pieces += 1 + (length - 1) // size
        else:
            pieces += max(1.0, length / (_CJK_PIECE if kind == "cjk" else _SEA_PIECE))
    return round(pieces * _PUNCTUATION)
