"""How long a text will be for an encoder, without asking one."""

from __future__ import annotations

from everask.text.characters import runs

# Characters to a piece of multilingual-e5's vocabulary, fitted on XQuAD's languages, DRCD and JSQuAD.
_PER_WORD_PIECE = 6
_PER_CJK_PIECE = 1.6
_PER_SEA_PIECE = 4.0


def count_tokens(text: str) -> int:
    """About how many tokens `text` has: words and their parts, Chinese characters, Thai syllables."""
    pieces = 0.0
    for start, end, kind in runs(text):
        length = end - start
        if kind == "word":
            pieces += 1 + (length - 1) // _PER_WORD_PIECE
        else:
            pieces += max(1.0, length / (_PER_CJK_PIECE if kind == "cjk" else _PER_SEA_PIECE))
    return round(pieces)
