"""The file of settings, changed: one setting at a time, with all else in it, comments too, as it was.

What would not be read at the next start is not written. The file is replaced whole, so that it is never half
of anything, and keeps its mode; a new one is for its owner alone, since it may come to hold a token.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from filelock import FileLock, Timeout
from tomlkit.exceptions import TOMLKitError

from everask.errors import BusyError, SettingsError
from everask.settings import FILE_NAME, Settings, hint_of, make_settings, parse_value

AT_ONCE = frozenset({"limits", "passages", "search", "rank", "evidence", "answer", "choose", "dialogue"})
"""Sections that are looked at for each file and each question; all others are at the start."""
_LOCK = ".everask.toml.lock"
_SECONDS = 5.0
_NEW_MODE = 0o600


def put_setting(
    data: Path, name: str, text: str | None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Write a setting, as an environment variable would have it, into the file; None takes it out again, so
    that its default counts. Returns all settings as they then are.

    Raises SettingsError for an unknown name or a value that does not fit, BusyError while another changes
    the file. Blocking.
    """
    hint_of(name)
    value = None if text is None else parse_value(name, text)
    file = (data / FILE_NAME).resolve()
    try:
        with FileLock(data / _LOCK, timeout=_SECONDS):
            written = _changed(file, name, value)
            table = tomlkit.parse(written).unwrap()
            make_settings(data, table, {})  # the file must do without the environment, too
            made = make_settings(data, table, environ)
            _replace(file, written)
            return made
    except Timeout as error:
        raise BusyError("The file of settings is being changed by another.", 5) from error


def _changed(file: Path, name: str, value: Any) -> str:
    """The file's text with the setting changed in it, or taken out."""
    try:
        text = file.read_bytes().decode("utf-8") if file.exists() else ""
        document = tomlkit.parse(text)
    except (TOMLKitError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{file}: {error}.", "Mend the file, or move it away.") from error
    *sections, last = name.split(".")
    table: Any = document
    for section in sections:
        if section not in table:
            if value is None:
                return tomlkit.dumps(document)
            table[section] = tomlkit.table()
        table = table[section]
        if not isinstance(table, MutableMapping):
            raise SettingsError(f"{file} [{section}] must be a section, not a value.")
    if value is None:
        table.pop(last, None)
    else:
        table[last] = list(value) if isinstance(value, tuple) else value
    return tomlkit.dumps(document)


def _replace(file: Path, text: str) -> None:
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else _NEW_MODE
    handle, beside = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).chmod(mode)
        Path(beside).replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise SettingsError(f"{file} cannot be written: {error.strerror}.", "Look at its folder.") from error
