"""Conversations: a follow-up question is completed by what was said before, so that it stands alone."""

from everask.dialogue.rewriting import MAX_TURN_CHARACTERS, MAX_TURNS, follows_on, stand_alone
from everask.dialogue.settings import DialogueSettings

__all__ = ["MAX_TURNS", "MAX_TURN_CHARACTERS", "DialogueSettings", "follows_on", "stand_alone"]
