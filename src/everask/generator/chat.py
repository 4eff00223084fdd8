"""Chat templates, and the removal of control tokens from everything that is only data.

A document that contains "<|im_end|>" must not be able to end its own quotation: llama.cpp would turn
that text into the control token. So the exact control tokens of the model at hand, and whatever looks
like one of another model, are taken out of every message, again and again until none is left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from everask.generator.protocol import Message

# Control tokens of the common chat templates, for models whose vocabulary cannot be read.
_LOOKS_LIKE_CONTROL = re.compile(
    r"<\|[^<>|\n]{1,40}\|>|<\uff5c[^<>\uff5c\n]{1,40}\uff5c>|</?s>|\[/?INST\]|<</?SYS>>"
    r"|<(?:start|end)_of_(?:turn|image)>|</?(?:bos|eos|pad|unk|think|tool_call|tool_response|tools)>"
    r"|\[(?:SYSTEM_PROMPT|/SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|/AVAILABLE_TOOLS)\]",
    re.IGNORECASE,
)
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]"
)


def strip_controls(text: str, controls: Sequence[str] = ()) -> str:
    """Text without control tokens and invisible characters; what is left is joined by a space.

    Removal is repeated, because "<|im_<|im_end|>end|>" forms a new token when its middle goes.
    """
    text = _UNSEEN.sub("", text)
    exact = re.compile("|".join(re.escape(one) for one in sorted(controls, key=len, reverse=True)) or r"(?!)")
    while True:
        stripped = exact.sub(" ", _LOOKS_LIKE_CONTROL.sub(" ", text))
        if stripped == text:
            return text
        text = stripped


def render_chatml(messages: Sequence[Message]) -> str:
    """The prompt that Qwen and other ChatML models were trained on; contents are stripped already.

    A last message of the assistant is left open, so that the model goes on from it.
    """
    parts = [f"<|im_start|>{one.role}\n{one.content}<|im_end|>\n" for one in messages[:-1]]
    last = messages[-1]
    if last.role == "assistant":
        return "".join([*parts, f"<|im_start|>assistant\n{last.content}"])
    return "".join([*parts, f"<|im_start|>{last.role}\n{last.content}<|im_end|>\n<|im_start|>assistant\n"])
