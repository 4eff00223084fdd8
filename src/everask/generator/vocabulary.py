"""Reads what a prompt needs to know from a GGUF file's header: its control tokens.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Only the header is touched.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from everask.errors import ModelError

# GGUF's scalar types: number of the type → struct format.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
# Token types that llama.cpp matches as whole tokens in a prompt: control and user defined.
_CONTROL_TYPES = (3, 4)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The control tokens of a model, and whether it speaks ChatML."""

    controls: tuple[str, ...]

    @property
    def chatml(self) -> bool:
        return "<|im_start|>" in self.controls and "<|im_end|>" in self.controls


class _Header:
    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def scalar(self, kind: str) -> int:
        layout = struct.Struct("<" + kind)
        (value,) = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return int(value)

    def string(self) -> bytes:
        length = self.scalar("Q")
        if length > len(self.data) - self.at:
            raise ValueError("a string runs past the end of the file")
        self.at += length
        return self.data[self.at - length : self.at]

    def strings(self) -> list[bytes]:
        """An array of strings; the loop is inlined because vocabularies hold 150,000 of them."""
        kind, count = self.scalar("I"), self.scalar("Q")
        if kind != _STRING or count > len(self.data):
            raise ValueError("its list of tokens is malformed")
        unpack, data, at = struct.Struct("<Q").unpack_from, self.data, self.at
        found: list[bytes] = []
        for _ in range(count):
            start = at + 8
            at = start + unpack(data, at)[0]
            found.append(data[start:at])
        self.at = at
        return found

    def numbers(self) -> tuple[int, ...]:
        kind, count = self.scalar("I"), self.scalar("Q")
        layout = struct.Struct(f"<{count}{_SCALARS[kind]}")
        values = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return tuple(int(value) for value in values)

    def skip(self, kind: int) -> None:
        if kind == _STRING:
            self.string()
        elif kind == _ARRAY:
            self._skip_array()
        else:
            self.at += struct.calcsize("<" + _SCALARS[kind])

    def _skip_array(self) -> None:
        start = self.at
        kind, count = self.scalar("I"), self.scalar("Q")
        if kind == _STRING:
            self.at = start
            self.strings()
        elif kind == _ARRAY:
            for _ in range(count):
                self._skip_array()
        else:
            self.at += count * struct.calcsize("<" + _SCALARS[kind])


def read_vocabulary(gguf: Path) -> Vocabulary:
    """Control tokens of a GGUF file. Raises ModelError for what is not a GGUF file."""
    try:
        with gguf.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _read(_Header(data))
    except (OSError, ValueError, KeyError, struct.error, MemoryError, OverflowError) as error:
        raise ModelError(
            f"{gguf} is not a model that can be read: {error}.", "Name a GGUF file, or pull the model again."
        ) from error


def _read(header: _Header) -> Vocabulary:
    if header.data[:4] != b"GGUF":
        raise ValueError("it does not begin with GGUF")
    header.at = 8
    _, num_fields = header.scalar("Q"), header.scalar("Q")
    tokens: list[bytes] = []
    kinds: tuple[int, ...] = ()
    for _ in range(num_fields):
        key, kind = header.string(), header.scalar("I")
        if key == b"tokenizer.ggml.tokens":
            tokens = header.strings()
        elif key == b"tokenizer.ggml.token_type":
            kinds = header.numbers()
        else:
            header.skip(kind)
        if tokens and kinds:
            break
    pairs = zip(tokens, kinds, strict=False)
    return Vocabulary(
        tuple(token.decode("utf-8", "replace") for token, kind in pairs if kind in _CONTROL_TYPES)
    )
