"""From the store's lists and events to preferences, and to how a challenger fares on live searches.

What trains weights that all people share is made of lists of which everybody may read every place, and of
clicks on them; what people voted and corrected is labelling.py's. Knows no model.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from everask.feedback import question_key
from everask.feedback.interleaving import TEAMS, Drafted, Outcome, Team, Trialled, conclude
from everask.feedback.judgements import WORTH
from everask.feedback.positions import Seen, count_clicks, fit_curve
from everask.feedback.preferences import Act, Impression, Preference, join, prefer
from everask.index import Store
from everask.index.events import list_events
from everask.index.impressions import ShownList, list_impressions
from everask.index.learned import Lineage
from everask.index.schema import documents, passages
from everask.types import Event

BESIDE = "beside the first"
"""What a page says of a click where the first source stood open already."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Clicked:
    """Preferences that clicks say, how much less people look at lower places, and what it is made of."""

    preferences: tuple[Preference, ...]
    exponent: float
    lineage: Lineage


def read_clicks(store: Store, held_out: Container[str] = frozenset()) -> Clicked:
    """What people opened from lists of results; questions whose key is held out say nothing."""
    events = [one for one in list_events(store.database, "opened") if not one.ask]
    with store.still(), store.database.reading() as connection:
        lists = list_impressions(connection, (), origin="search")
        acts = _acts(connection, events)
    lists = [one for one in lists if not one.detail.get("trial")]
    joined = [(one, did) for one, did in join(map(_impression, lists), acts) if one.id]
    exponent = fit_curve(_seen(joined))
    made = [one for one in prefer(joined, exponent) if question_key(one.question) not in held_out]
    with store.database.reading() as connection:
        named = _documents(connection, {passage for one in made for passage in (one.better, one.worse)})
    users = frozenset(one.user for one in made if one.user is not None)
    return Clicked(
        tuple(made), exponent, Lineage(frozenset(one.event for one in made if one.event), named, users)
    )


def trial_outcome(store: Store, name: str) -> Outcome:
    """How the challenger of that name fares on the searches of people, against what serves."""
    events = [one for one in list_events(store.database) if one.kind in WORTH and (one.value or 1.0) > 0]
    with store.still(), store.database.reading() as connection:
        lists = list_impressions(connection, None, origin="search")
        acts = _acts(connection, events)
    tried = {one.id: one for one in lists if one.detail.get("trial") == name}
    plain = [one for one in lists if not one.detail.get("trial")]
    joined = [(tried[one.id], did) for one, did in join(map(_impression, tried.values()), acts) if one.id]
    before = [(one, did) for one, did in join(map(_impression, plain), acts) if one.id]
    return conclude([_trialled(one, did) for one, did in joined], fit_curve(_seen(before)))


def _impression(one: ShownList) -> Impression:
    shown = tuple(place.passage for place in one.places)
    natural = one.detail.get("natural", ())
    fits = isinstance(natural, list) and len(natural) == len(shown)  # a place may be gone since
    return Impression(one.id, one.question, one.user, one.at, shown, tuple(natural) if fits else ())


def _seen(joined: Iterable[tuple[Impression, Sequence[Act]]]) -> Iterable[Seen]:
    """What the lists with a click say of how people look: where the first source stood open, without it."""
    for shown, acts in joined:
        if shown.natural and acts:
            clicked = {act.passage for act in acts}
            clicks = {rank: passage in clicked for rank, passage in enumerate(shown.passages)}
            seen = count_clicks(clicks, shown.natural)
            yield from seen[1:] if any(act.beside for act in acts) else seen


def _trialled(shown: ShownList, acts: Sequence[Act]) -> Trialled:
    clicked = {act.passage for act in acts if act.weight > 0}
    drafted = [Drafted(place.passage, _team(place.team)) for place in shown.places]
    ranks = frozenset(rank for rank, one in enumerate(drafted) if one.passage in clicked)
    champion, challenger = (tuple(shown.detail.get(team, ())) for team in ("champion", "challenger"))
    return Trialled(shown.user, champion, challenger, drafted, ranks)


def _team(name: str | None) -> Team | None:
    return next((one for one in TEAMS if one == name), None)


def _acts(connection: Connection, events: Sequence[Event]) -> list[Act]:
    """Events as acts on the passages that they are about; those of documents that are gone are left out."""
    by_document: dict[str, list[Event]] = defaultdict(list)
    for one in events:
        if one.document_id and one.start is not None and one.end is not None:
            by_document[one.document_id].append(one)
    acts: list[Act] = []
    names = sorted(by_document)
    for start in range(0, len(names), _AT_ONCE):
        query = select(passages.c.id, passages.c.start, passages.c.end, documents.c.id.label("document"))
        query = query.join(documents).where(documents.c.id.in_(names[start : start + _AT_ONCE]))
        for row in connection.execute(query):
            acts += [
                _act(one, row.id)
                for one in by_document[row.document]
                if row.start < max(one.end or 0, (one.start or 0) + 1) and row.end > (one.start or 0)
            ]
    return acts


def _act(event: Event, passage: int) -> Act:
    worth = WORTH[event.kind]
    return Act(event.question, passage, worth, event.user, event.at, event.id, beside=event.detail == BESIDE)


def _documents(connection: Connection, ids: set[int]) -> frozenset[str]:
    wanted, found = sorted(ids), set[str]()
    for start in range(0, len(wanted), _AT_ONCE):
        some = passages.c.id.in_(wanted[start : start + _AT_ONCE])
        found.update(connection.scalars(select(documents.c.id).join(passages).where(some).distinct()))
    return frozenset(found)
