"""The tokens of a Qwen2 GGUF file, as llama.cpp cuts them: texts in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gguf import GGUFReader
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Sequence, Split

from everask.errors import ModelError

# As llama.cpp names it, "qwen2": without NFC, which its own tokenizer does not apply either.
_WORDS = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Token types that are matched whole: control, and user defined.
_WHOLE = (3, 4)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A tokenizer, and the token that ends a reply."""

    tokenizer: Tokenizer
    end: int

    def cut(self, text: str) -> list[int]:
        """Numbers of a text's tokens; "<|im_start|>" and the like are tokens of their own."""
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    def join(self, numbers: list[int]) -> str:
        """The text of tokens."""
        return str(self.tokenizer.decode(numbers, skip_special_tokens=False))


def read_tokens(gguf: Path) -> Tokens:
    """The tokenizer in a GGUF file's header. Raises ModelError for another kind than Qwen2's."""
    fields = GGUFReader(gguf).fields
    if fields["tokenizer.ggml.pre"].contents() != "qwen2":
        raise ModelError(f"{gguf} has another vocabulary than Qwen2's.", "Train on the pack qwen2.5-0.5b.")
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    kinds: list[int] = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(one.split(" ")) for one in fields["tokenizer.ggml.merges"].contents()]
    numbers = {token: number for number, token in enumerate(tokens)}
    made = Tokenizer(BPE(numbers, merges, fuse_unk=False))
    made.pre_tokenizer = Sequence(
        [Split(Regex(_WORDS), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)]
    )

    made.decoder = ByteLevelDecoder()
    made.add_special_tokens(
        [
            AddedToken(token, special=True, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind in _WHOLE
        ]
    )
    return Tokens(made, numbers["<|im_end|>"])
