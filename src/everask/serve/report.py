"""An answer to take along: question, sentences, quotes and sources; and how that is written in Markdown.

What comes from documents and models is text here too: whatever Markdown would read as markup is escaped.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from everask.serve.page_images import Crop
from everask.serve.rendering import RTL, AnswerView, Place, answer_view, flow, language_name
from everask.serve.wording import Translate, translator
from everask.types import Answer

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&$:@^=])")
_UNFIT = re.compile(r"[^\w\- ]+")


@dataclass(frozen=True, slots=True)
class Report:
    """An answer with its sources in the order of their numbers, in a reader's language."""

    question: str
    answer: AnswerView
    sources: tuple[Place, ...]
    language: str
    made: str
    crops: Mapping[int, Crop] = field(default_factory=dict)
    """Pictures of the places on their pages, by a source's number, where there are any."""

    @property
    def name(self) -> str:
        """A file's name, without its ending."""
        return " ".join(_UNFIT.sub(" ", self.question).split())[:60].strip() or "answer"

    @property
    def say(self) -> Translate:
        """The reader's words."""
        return translator(self.language)


def report_of(question: str, answer: Answer, language: str, now: float | None = None) -> Report:
    """The answer as a report."""
    view = answer_view(answer)
    cited = [*(one.places for one in view.claims), *(one.places for one in view.notes)]
    sources = {place.number: place for places in cited for place in places}
    places = view.nearest if view.abstained else tuple(sources[number] for number in sorted(sources))
    moment = datetime.datetime.fromtimestamp(now or time.time(), datetime.UTC)
    return Report(question, view, places, language, moment.date().isoformat())


def markdown_of(report: Report) -> str:
    """The report as Markdown."""
    say, answer = report.say, report.answer
    lines = [f"# {_plain(report.question)}", ""]
    if answer.abstained:
        lines += [f"**{_plain(say('Your documents don’t say.'))}**", ""]
        lines += [f"- {_plain(one)}" for one in answer.looked_for] + [""]
    for claim in answer.claims:
        if claim.heading:
            lines += [f"## {_plain(claim.heading)}", ""]
        numbers = "".join(f"[^{one.number}]" for one in claim.places)
        text = _plain(flow(claim.text))
        lines += [f"> {text.replace(chr(10), chr(10) + '> ')} {numbers}" if claim.verbatim else
                  f"{text} {numbers} ({claim.percent}%)", ""]  # fmt: skip
    for note in answer.notes:
        numbers = "".join(f"[^{one.number}]" for one in note.places)
        lines += [f"*{_plain(say(note.label))}:* {_plain(note.text)} {numbers}".rstrip(), ""]
    if answer.abstained and report.sources:
        lines += [f"## {_plain(say('The nearest passages'))}", ""]
        for one in report.sources:
            lines += [f"> {_line(one.quote)}", f"> — {_source(one, report)}", ""]
    else:
        lines += [f"[^{one.number}]: “{_line(one.quote)}” — {_source(one, report)}" for one in report.sources]
    return "\n".join([*lines, "", f"Everask, {report.made}", ""])


def source_words(place: Place, report: Report) -> str:
    """Title, page and language of a source, and its file where the title is another."""
    parts = [place.title]
    if place.name != place.title:
        parts.append(place.name)
    if place.page:
        parts.append(report.say("page {number}", number=place.page))
    if named := language_name(place.language, report.language):
        parts.append(named)
    return ", ".join(parts)


def is_right_to_left(language: str) -> bool:
    """Whether a language is written from the right."""
    return language in RTL


def _source(place: Place, report: Report) -> str:
    return _plain(source_words(place, report))


def _line(text: str) -> str:
    return " ".join(_plain(flow(text)).split())


def _plain(text: str) -> str:
    """Text in which nothing is markup, to Markdown or to the HTML that is made of it."""
    return _MARKUP.sub(r"\\\1", text)
