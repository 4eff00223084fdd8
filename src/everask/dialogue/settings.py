"""How follow-up questions are completed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DialogueSettings:
    """`use_model` lets the language model word a follow-up that must be completed; else the words that it
    leaves out are added. The model's wording reads better, costs a second or so, found no more in our
    measurements, and now and then changes what was meant."""

    use_model: bool = False
