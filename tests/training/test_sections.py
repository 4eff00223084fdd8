"""Documents become families: versions in several languages only where names and structure agree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.feedback.labels import Labelled
from everask.index import Store
from everask.ingest import split
from everask.models.search_bert.data import Family, Section
from everask.training import questions as held
from everask.training.examples import (
    Batches,
    Examples,
    judged_families,
    load_examples,
    make_families,
    save_examples,
)
from everask.training.gate import ASKED
from everask.training.sections import Group, Pile, family_name, read_pile
from everask.types import Block, Document, DocumentInfo, Source

TEXTS = {
    "en": (
        "Warranty",
        "The warranty of the power supply is two years. It begins on the day of purchase. "
        "The battery is not part of it, since it wears out with use.",
    ),
    "de": (
        "Garantie",
        "Die Garantie des Netzteils gilt zwei Jahre. Sie beginnt am Tag des Kaufs. "
        "Der Akku gehört nicht dazu, weil er sich mit der Zeit abnutzt.",
    ),
    "fr": (
        "Garantie",
        "La garantie de l'alimentation est de deux ans. Elle commence le jour de l'achat. "
        "La batterie n'en fait pas partie, car elle s'use avec le temps.",
    ),
}
OTHER = {
    "en": ("Cleaning", "Clean the filter once a month with warm water. Let it dry before you put it back. "
           "Never use soap or a brush, which would damage it."),
    "de": ("Reinigung", "Reinigen Sie den Filter einmal im Monat mit warmem Wasser. Lassen Sie ihn trocknen. "
           "Verwenden Sie nie Seife oder Bürste, die ihn beschädigen."),
    "fr": ("Nettoyage", "Nettoyez le filtre une fois par mois à l'eau tiède. Laissez-le sécher ensuite. "
           "N'utilisez jamais de savon ni de brosse, qui l'abîment."),
}  # fmt: skip


def make(name: str, language: str, sections: list[tuple[str, str]], groups: tuple[str, ...] = ()) -> Document:
    """A document of sections, with the blocks that a reader would give."""
    blocks, text = [], ""
    for heading, body in sections:
        blocks.append(Block("heading", len(text), len(text) + len(heading), 1))
        text += f"{heading}\n"
        blocks.append(Block("text", len(text), len(text) + len(body)))
        text += f"{body}\n"
    return Document(
        id=f"id-{name}",
        name=name,
        uri=f"file:///pile/{name}",
        title="",
        media_type="text/html",
        content=name,
        language=language,
        modified=1.5e9,
        size=len(text),
        text=text,
        blocks=tuple(blocks),
        groups=groups,
    )


def put(store: Store, *documents: Document) -> None:
    for one in documents:
        source = Source(one.uri, "file:///pile", (1, 1, 1), one.content, "ok", "", 1, 0.0)
        store.put_source(source, [(one, split(one))])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store") as opened:
        yield opened


def info(name: str, language: str) -> DocumentInfo:
    return DocumentInfo("1", name, "", "", "", language, 0.0, 0, 1)


def test_names_without_their_language() -> None:
    assert family_name(info("guide/de/setup", "de")) == family_name(info("guide/fr/setup", "fr"))
    assert family_name(info("guide/pt-BR/setup", "pt")) == "guide/*/setup"
    assert family_name(info("setup.de", "de")) == family_name(info("setup_fr", "fr")) == "setup.*"
    assert family_name(info("release-notes-zh_CN", "zh")) == "release-notes.*"
    # The name says another language than the text is in, or no language at all.
    assert family_name(info("guide/de/setup", "en")) == "guide/de/setup"
    assert family_name(info("to-do", "en")) == "to-do"
    assert family_name(info("it/notes", "en")) == "it/notes"


def test_versions_in_several_languages_are_one_family(store: Store) -> None:
    put(store, *(make(f"guide/{one}/care", one, [TEXTS[one], OTHER[one]]) for one in TEXTS))
    (group,) = read_pile(store).groups
    assert group.name == "guide/*/care"
    assert {version.language for version in group.versions} == {"en", "de", "fr"}
    assert [part.heading for part in group.versions[0].parts]


def test_another_structure_is_another_family_on_the_same_side(store: Store) -> None:
    put(store, make("guide/en/care", "en", [TEXTS["en"], OTHER["en"]]))
    put(store, make("guide/de/care", "de", [TEXTS["de"]]))
    put(store, make("guide/fr/care", "fr", [TEXTS["fr"], OTHER["fr"], ("Fin", OTHER["fr"][1][:60])]))
    groups = read_pile(store).groups
    assert len(groups) == 3 and all(len(group.versions) == 1 for group in groups)
    assert len({group.is_held_out for group in groups}) == 1


def test_what_only_some_may_read_is_left_out_and_counted(store: Store) -> None:
    put(store, make("open", "en", [TEXTS["en"], OTHER["en"]]))
    put(
        store,
        make("secret", "en", [("Salaries", "Nobody else may know what is paid here. " * 4)], ("board",)),
    )
    pile = read_pile(store)
    assert [group.name for group in pile.groups] == ["open"] and pile.num_limited == 1


def test_a_large_pile_is_sampled(store: Store) -> None:
    put(store, *(make(f"page-{number}", "en", [TEXTS["en"], OTHER["en"]]) for number in range(10)))
    pile = read_pile(store, most_sections=6)
    assert len(pile.groups) == 3 and pile.num_sampled_out == 7


def split_sides(pile: Pile) -> tuple[list[Group], list[Group]]:
    groups = list(pile.groups)
    return [one for one in groups if not one.is_held_out], [one for one in groups if one.is_held_out]


def test_examples_are_of_what_is_not_held_out_and_come_back_from_disk(store: Store, tmp_path: Path) -> None:
    for number in range(20):
        put(store, *(make(f"g{number}/{one}/care", one, [TEXTS[one], OTHER[one]]) for one in ("en", "de")))
    training, held_out = split_sides(read_pile(store))
    assert training and held_out
    families = make_families([*training, *held_out])
    assert [family.page.partition("#")[0] for family in families] == [one.name for one in training]
    # The same heading above twenty sections says nothing of any.
    assert all(one.heading == "" for one in families[0].sections[0].values())
    examples = Examples(families, {f"{families[0].page}/0": ["something else"]})
    save_examples(tmp_path / "examples.jsonl", examples)
    loaded = load_examples(tmp_path / "examples.jsonl")
    assert loaded == examples
    # The same four texts over and over are four to learn from.
    assert loaded.num_sections == loaded.num_groups == 4 < sum(len(one.sections) for one in families)


def test_batches_depend_on_their_number_alone() -> None:
    families = []
    for number in range(8):
        family = Family(f"page{number}")
        for section in range(3):
            text = f"Text {number} {section} says one thing. Then it says another thing. And it ends here."
            family.sections[section] = {"en": Section(f"About {number} {section}", text)}
        families.append(family)
    negatives = {
        f"page{number}/{section}": [f"no {number} {section}"] for number in range(8) for section in range(3)
    }
    examples = Examples(tuple(families), negatives)
    first, second = (Batches(examples, 6, 3) for _ in range(2))
    assert [first.draw(number) for number in range(4)] == [second.draw(number) for number in range(4)]
    pairs, hard = first.draw(1)
    assert len(pairs) == 6 and len(hard) == 2
    assert {one.removeprefix("no ").replace(" ", "/") for one in hard} <= {
        pair.group.removeprefix("page") for pair in pairs
    }


def test_questions_are_asked_of_a_pool_that_does_not_give_them_away(store: Store, tmp_path: Path) -> None:
    names = [f"manual{number}" for number in range(60)]
    sections = {"en": ("Warranty", TEXTS["en"][1]), "de": ("Garantie", TEXTS["de"][1])}
    for number, name in enumerate(names):
        for one, (heading, body) in sections.items():
            put(
                store,
                make(f"{name}/{one}/care", one, [(f"{heading} {name}", body), (f"{number} {name}", body)]),
            )
    pile = read_pile(store)
    asked = held.make_pool(pile.groups, store, tmp_path / "pool", 0)
    _, held_out = split_sides(pile)
    assert {one.kind for one in asked} == {"heading", "sentence"}
    assert {one.language for one in asked} == {"en", "de"}
    held.save_questions(tmp_path / "questions.json", asked)
    assert held.load_questions(tmp_path / "questions.json") == asked
    with Store.open(tmp_path / "pool") as pool:
        texts = {
            (document.id, passage.ordinal): passage
            for document in pool.documents()
            for passage in pool.passages(document.id)
        }
    assert all(not passage.headings for passage in texts.values())
    ids = {version.document.id for group in held_out for version in group.versions}
    for question in asked:
        assert question.right and {document for document, _ in question.right} <= ids
        languages = {texts[place].language for place in question.right}
        assert languages == {"en", "de"}  # the same section in both
        if question.kind == "sentence":
            assert any(question.text not in texts[place].indexed for place in question.right)


def test_judged_questions_teach_and_measure_beside_documents(store: Store, tmp_path: Path) -> None:
    """One stands as the heading of what answers it; another is asked of the pool, at the passage's place."""
    for number in range(30):
        put(store, make(f"manual{number}", "en", [(f"Warranty {number}", TEXTS["en"][1]), OTHER["en"]]))
    pile = read_pile(store)
    trained, measured = (
        next(group for group in pile.groups if group.is_held_out == held_out) for held_out in (False, True)
    )
    questions = []
    for text, group in (("How long is it good for?", trained), ("How do I clean it?", measured)):
        document, passages = group.versions[0].document, group.versions[0].parts[1].passages
        ids = tuple(one.id for one in passages)
        names, people, events = frozenset({document.id}), frozenset({1}), frozenset({1})
        questions.append(Labelled(text, ids, (), names, people, events, document.uri))
    (family,) = judged_families(questions[:1], store)
    (section,) = family.sections[0].values()
    assert section.heading == questions[0].question and OTHER["en"][1].startswith(section.text[:20])
    first, *others = held.make_pool(pile.groups, store, tmp_path / "pool", 0, questions[1:])
    assert (first.text, first.kind) == (questions[1].question, ASKED) and others[0].kind != ASKED
    with Store.open(tmp_path / "pool") as pool:
        texts = {one.ordinal: one.indexed for one in pool.passages(first.right[0][0])}
    assert all("filter" in texts[ordinal] for _, ordinal in first.right)
