"""The threshold of answering that was fitted on a pile's own documents; and the way back.

One setting of the store holds it, for quotes and for each language model apart, since what a model writes
has another risk. A threshold that stands in the file of settings or in the environment goes before it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from everask.answer import AnswerSettings
from everask.evaluate.promise import Promise
from everask.index import Store

SETTING = "answer.thresholds"
QUOTES = "quotes"
"""Whose threshold it is where no language model writes."""

_DEFAULTS = AnswerSettings()


@dataclass(frozen=True, slots=True)
class Fitted:
    """Promises by the language model's name, or QUOTES."""

    promises: Mapping[str, Promise] = field(default_factory=dict)


def read_fitted(store: Store) -> Fitted:
    """What was fitted; nothing where nothing was."""
    value = store.setting(SETTING)
    record: Mapping[str, Any] = json.loads(value) if value else {}
    return Fitted({name: Promise(**made) for name, made in record.items()})


def write_fitted(store: Store, name: str, promise: Promise) -> None:
    """Answer from `promise.threshold` on, from now on, in every process that has the store open."""
    promises = {**read_fitted(store).promises, name: promise}
    store.put_setting(SETTING, json.dumps({key: asdict(one) for key, one in promises.items()}))


def forget_fitted(store: Store) -> Fitted:
    """Answer by the thresholds of the settings again; return what was in use."""
    fitted = read_fitted(store)
    store.put_setting(SETTING, "{}")
    return fitted


def in_use(settings: AnswerSettings, store: Store, model: str | None) -> AnswerSettings:
    """The settings with the fitted threshold for this model, or for quotes, where the user set none."""
    fitted = read_fitted(store).promises
    quotes, written = fitted.get(QUOTES), fitted.get(model or "")
    if quotes and settings.answer_above == _DEFAULTS.answer_above:
        settings = replace(settings, answer_above=quotes.threshold)
    if written and settings.ask_above == _DEFAULTS.ask_above:
        settings = replace(settings, ask_above=written.threshold)
    return settings
