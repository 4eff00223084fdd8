"""Prompt in, text out, piece by piece: a local GGUF model or any OpenAI-compatible server."""

from everask.generator.broken import BrokenGenerator
from everask.generator.local import LocalGenerator, LocalSettings, full_name, open_local
from everask.generator.protocol import Generator, Message
from everask.generator.remote import RemoteSettings, open_remote

__all__ = [
    "BrokenGenerator",
    "Generator",
    "LocalGenerator",
    "LocalSettings",
    "Message",
    "RemoteSettings",
    "full_name",
    "open_local",
    "open_remote",
]
