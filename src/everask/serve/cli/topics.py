"""`everask topics`: what you describe in a sentence becomes a tag of documents; corrections, and learning."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from everask.index.topics import (
    Mark,
    Topic,
    Viewer,
    add_topic,
    count_marks,
    find_topic,
    list_tagged,
    list_topics,
    put_mark,
    remove_topic,
)
from everask.pipeline import Engine
from everask.pipeline.tagging import tag_pile
from everask.pipeline.wordings import MIN_RIGHT, MIN_WRONG, Learned, learn_wording
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable
from everask.serve.topic_replies import learned_text, topic_record

topics = typer.Typer(
    help="Topics that you describe in a sentence: documents are tagged with them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Named = Annotated[str, typer.Argument(metavar="TOPIC", help="The topic's name or number.")]
OWNER = Viewer()
MAX_SHOWN = 10_000


@topics.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    description: Annotated[
        str, typer.Argument(metavar="SENTENCE", help="What it is about, in any language.")
    ],
    group: Annotated[
        list[str] | None, typer.Option("--group", help="A group that may see it, too (repeat).")
    ] = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Everybody may see it.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Describe a topic. Documents that have it are tagged at once, and new ones as their vectors come."""
    groups = () if everybody else tuple(group) if group else None
    with open_data(data) as engine:
        made = add_topic(engine.store.database, Topic(name, description, description, None, groups))
        tag_pile(engine)
        _print([(made, _count(engine, made))], as_json)


@topics.command("list")
def list_all(data: Data = None, as_json: Json = False) -> None:
    """List the topics with how many documents have each."""
    with open_data(data) as engine:
        tag_pile(engine)
        _print(list_topics(engine.store.database, OWNER), as_json, many=True)


@topics.command("show")
def show(topic: Named, data: Data = None, as_json: Json = False) -> None:
    """Show a topic: its wording, what was corrected, and the documents that have it."""
    with open_data(data) as engine:
        tag_pile(engine)
        database = engine.store.database
        found = find_topic(database, topic, OWNER)
        tagged = list_tagged(database, found.id, OWNER, MAX_SHOWN)
        right, wrong = count_marks(database, found.id)
    if as_json:
        documents = [{"id": id, "document": name, "probability": round(p, 3)} for id, name, p in tagged]
        record = topic_record(found, len(tagged)) | {"right": right, "wrong": wrong, "tagged": documents}
        print_json(record)
        return
    out.print(Text(printable(f"{found.id}  {found.name}: {found.description}")))
    if found.wording != found.description:
        out.print(Text(printable(f"searched as: {found.wording}")))
    out.print(f"{len(tagged)} documents; marked right {right}, wrong {wrong}.")
    for _, name, probability in tagged:
        out.print(Text(printable(f"  {probability:.2f}  {name}")))


@topics.command("remove")
def remove(topic: Named, data: Data = None, as_json: Json = False) -> None:
    """Forget a topic with its tags and corrections."""
    with open_data(data) as engine:
        found = find_topic(engine.store.database, topic, OWNER)
        remove_topic(engine.store.database, found, OWNER)
    if as_json:
        print_json({"removed": found.name})
    else:
        out.print(Text(printable(f"{found.name} is removed.")))


@topics.command("mark")
def mark(
    topic: Named,
    document: Annotated[str, typer.Argument(help="A document's name, path, URL or id.")],
    right: Annotated[bool, typer.Option("--right/--wrong", help="Whether it has the topic.")] = True,
    forget: Annotated[bool, typer.Option("--forget", help="Take back what you said.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say that a document has a topic, or has it not. All tags of the topic follow."""
    with open_data(data) as engine:
        database = engine.store.database
        found, info = find_topic(database, topic, OWNER), engine.find_document(document)
        value = 0.0 if forget else 1.0 if right else -1.0
        put_mark(database, Mark(found.id, info.id, value), OWNER)
        tag_pile(engine)
        _print([(found, _count(engine, found))], as_json)


@topics.command("learn")
def learn(topic: Named, data: Data = None, as_json: Json = False) -> None:
    """Look for a better wording by your corrections; it is used only if it fits those that it did not see."""
    with open_data(data) as engine:
        tag_pile(engine)
        found = find_topic(engine.store.database, topic, OWNER)
        learned = learn_wording(engine, found)
    if as_json:
        print_json(
            learned.record() | {"missing_right": _missing(learned)[0], "missing_wrong": _missing(learned)[1]}
        )
    else:
        out.print(Text(printable(learned_text(learned))))


def _missing(learned: Learned) -> tuple[int, int]:
    return max(0, MIN_RIGHT - learned.right), max(0, MIN_WRONG - learned.wrong)


def _count(engine: Engine, topic: Topic) -> int:
    return len(list_tagged(engine.store.database, topic.id, OWNER, MAX_SHOWN))


def _print(found: list[tuple[Topic, int]], as_json: bool, *, many: bool = False) -> None:
    records: list[dict[str, Any]] = [topic_record(one, number) for one, number in found]
    if as_json:
        print_json(records if many else records[0])
        return
    for one, number in found:
        out.print(Text(printable(f"{one.id}  {one.name}: {one.description} ({number} documents)")))
