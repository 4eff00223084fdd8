"""Glosses of an answer's quotes: said in the question's language by the language model, when somebody asks.

They are kept in the answer's record and go with it; nothing that is cited, copied, exported, searched or
learned from has them. One that fails the check is kept too, without its words: the next would be the same.
"""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from everask.answer.gloss import MAX_CHARS, SPOKEN, Gloss, is_worth_asking, make_gloss
from everask.errors import EveraskError, NotFoundError, UsageError
from everask.generator import BrokenGenerator, Generator
from everask.index.asks import keep_ask
from everask.serve.api import ERRORS, Door, Who
from everask.serve.asked import Ask
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.kept import Glossed, to_keep
from everask.types import Answer

MAX_GLOSSES = 24
"""Of one answer."""

Place = tuple[str, int, int]
"""A document's id, and a quote's offsets in it."""


class GlossBody(BaseModel):
    """A quote of an answer."""

    model_config = ConfigDict(extra="forbid")

    document_id: str = Field(
        min_length=1, max_length=100, description="The document, as the citation has it."
    )
    start: int = Field(ge=0, le=1 << 53, description="Where the quote begins, as the citation has it.")
    end: int = Field(ge=1, le=1 << 53, description="Where it ends.")


class GlossReply(BaseModel):
    """A quote in the question's language, by a machine. It may be wrong: it is no source."""

    text: str = Field(description="The gloss; empty where it failed its check.")
    problem: str = Field(description="What was wrong with it; empty where nothing was seen.")
    language: str = Field(description="Into which language: the question's.")
    model: str = Field(description="Which language model said it.")


async def post_gloss(doors: Door, who: Who, request: Request, identifier: str, body: GlossBody) -> GlossReply:
    """Say a quote of an answer, which is in another language, in the question's."""
    asked = await doors.find_ask(identifier, who)
    made = await gloss(doors, request, who, asked, (body.document_id, body.start, body.end))
    return GlossReply(text=made.text, problem=made.problem, language=made.language, model=made.model)


async def gloss(doors: Doors, request: Request, who: Access, asked: Ask, place: Place) -> Glossed:
    """A quote of an answer in the answer's language: as it was made before, or made now.

    Raises NotFoundError where the answer has no such quote in another language, or nothing can say it,
    BusyError where too many wait.
    """
    answer, generator = asked.answer, doors.engine.generator
    quotes = foreign_quotes(answer) if answer else {}
    if answer is None or place not in quotes:
        raise NotFoundError("The answer has no such quote in another language.", "Load the page again.")
    if (found := known_gloss(asked, place)) is not None:
        return found
    if not can_gloss(generator) or generator is None:
        raise NotFoundError("There is no language model for this.", "`everask models list` shows models.")
    if len(asked.glosses) >= MAX_GLOSSES:
        raise UsageError(f"{MAX_GLOSSES} quotes of an answer are translated at most.", "Ask more narrowly.")
    quote, language = quotes[place]
    gone = threading.Event()

    def work() -> Gloss:
        # The encoder is opened where it is not yet: in the thread that waits for the model, too.
        languages = (language, answer.language)
        return make_gloss(generator, quote, languages, gone.is_set, doors.engine.encoder)

    try:
        made = await doors.asks.turnstile.run(work, who.asker)
    finally:
        gone.set()
    await doors.may_see(request, asked)  # it took a while
    said = "" if made.problem else made.text
    kept = Glossed(*place, answer.language, said, made.problem, generator.name)
    asked.glosses = [*(one for one in asked.glosses if _place(one) != place), kept]
    await _keep(doors, asked)
    return kept


def can_gloss(generator: Generator | None) -> bool:
    """Whether there is a language model that says quotes in other languages well enough to be shown."""
    if generator is None or isinstance(generator, BrokenGenerator):
        return False
    return is_worth_asking(generator.name)


def foreign_quotes(answer: Answer) -> dict[Place, tuple[str, str]]:
    """The quotes of an answer that are in another language than it, and not too long: words and language."""
    cited = [one for claim in answer.claims for one in claim.citations]
    cited += [one for note in answer.notes for one in note.citations]
    found = {(one.document_id, one.start, one.end): (one.quote, one.language) for one in cited}
    for near in answer.nearest:
        found[near.hit.document.id, near.start, near.end] = (near.text, near.hit.passage.language)
    return {place: one for place, one in found.items() if is_foreign(*one, answer.language)}


def is_foreign(quote: str, language: str, into: str) -> bool:
    """Whether a quote is in another language, which models know, and short enough for a gloss."""
    is_short = len(" ".join(quote.split())) <= MAX_CHARS
    return language != into and {language, into} <= SPOKEN and is_short


def known_gloss(asked: Ask, place: Place) -> Glossed | None:
    """A gloss that was made before."""
    return next((one for one in asked.glosses if _place(one) == place), None)


def gloss_values(doors: Doors, asked: Ask) -> dict[str, Any]:
    """What an answer's page needs: whether glosses can be asked for, and those that there are."""
    return {
        "can_gloss": can_gloss(doors.engine.generator),
        "is_foreign": is_foreign,
        "known_gloss": functools.partial(known_gloss, asked),
    }


def _place(one: Glossed) -> Place:
    return one.document, one.start, one.end


async def _keep(doors: Doors, asked: Ask) -> None:
    """With the answer, where that is kept; it is shown either way."""
    if not asked.kept:
        return
    write = functools.partial(keep_ask, doors.engine.store.database, to_keep(asked), doors.asks.most_kept)
    try:
        await anyio.to_thread.run_sync(write)
    except EveraskError as error:
        logging.getLogger(__name__).warning("a gloss could not be kept: %s", type(error).__name__)


def glosses_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    router.add_api_route("/asks/{identifier}/glosses", post_gloss, methods=["POST"])
    return router
