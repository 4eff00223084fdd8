"""Words that stand in no document, as the documents spell them: to suggest, and to look for besides."""

from __future__ import annotations

from dataclasses import replace

from everask.index import Store
from everask.retrieve.candidates import guessed
from everask.text import analyse_query
from everask.text.characters import runs
from everask.types import Query, Understood


def spell(typed: str, understood: Understood, query: Query, store: Store) -> tuple[Understood, Query]:
    """The same with a suggestion, and with words to look for, where a word is only in no document because
    of a slip. `typed` is the text that was understood."""
    asked: dict[str, list[str]] = {}
    guesses = guessed(query.language, store)
    for start, end, kind in runs(query.text):
        word = query.text[start:end]
        if kind == "word" and word not in asked:
            asked[word] = analyse_query(word, query.language, guesses)
    spelled = store.spell(asked, query.groups, language=query.language) if asked else {}
    if not spelled:
        return understood, query
    suggestion = _replace(typed, spelled)
    return replace(understood, suggestion=suggestion), replace(query, spelled=_replace(query.text, spelled))


def _replace(text: str, spelled: dict[str, str]) -> str:
    parts, position = [], 0
    for start, end, _ in runs(text):
        word = spelled.get(text[start:end])
        if word is not None:
            parts += [text[position:start], word]
            position = end
    return "".join([*parts, text[position:]])
