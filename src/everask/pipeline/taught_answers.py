"""The adapter that writes answers, where one was taught on the store's own documents and votes.

It is DATA/models/NAME/NAME.gguf, beside a row of the store (index/learned.py) that says from what it learned.
Promotion and rollback change one setting of the store; engines that are open follow with their next answer.
It serves only with the pack that it was trained on, and where the settings name no adapter themselves.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from everask.generator import Generator
from everask.index import Store
from everask.index.learned import serving_weights
from everask.pipeline.taught import taught_folder
from everask.settings import ModelSettings

KIND = "answers"
_log = logging.getLogger(__name__)
_warned: set[str] = set()


def adapter_file(data: Path, name: str) -> Path:
    """Where the adapter of that name is."""
    return taught_folder(data, name) / f"{name}.gguf"


def adapter_in_use(store: Store, settings: ModelSettings) -> Path | None:
    """The adapter that was taught and serves; None: what ships does. One that is gone never stops an
    answer."""
    if settings.adapter != "auto" or settings.remote_url:
        return None
    with store.database.reading() as connection:
        found = serving_weights(connection, KIND)
    if found is None:
        return None
    file = adapter_file(store.folder, found[0])
    if file.is_file():
        return file
    if found[0] not in _warned:  # once, not with every answer
        _warned.add(found[0])
        _log.warning("answering with what ships, not with %s: its file is gone", found[0])
    return None


def close_later(generator: Generator | None) -> None:
    """Free a model that another has replaced, once it has ended what it is writing."""
    if generator is not None:
        threading.Thread(target=generator.close, name="everask-close", daemon=True).start()
