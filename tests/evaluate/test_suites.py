"""The suites that are made from others: exact names, typos, tables, manuals; on small committed samples."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from everask.errors import NotFoundError
from everask.evaluate.exact import exact_suites, spans_of
from everask.evaluate.manuals import ManualSettings, clean_heading, manual_suites
from everask.evaluate.metrics import own_language_first
from everask.evaluate.suites import LOADERS, MORE, XQUAD_LANGUAGES, Item, Suite
from everask.evaluate.tables import pieces_of
from everask.evaluate.typos import add_typo

SAMPLES = Path(__file__).parents[1] / "data" / "evaluate"


def edits(first: str, second: str) -> int:
    """Damerau and Levenshtein's distance."""
    rows = [list(range(len(second) + 1))]
    for i, left in enumerate(first, 1):
        row = [i]
        for j, right in enumerate(second, 1):
            best = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and left == second[j - 2] and first[i - 2] == right:
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def test_what_is_asked_exactly_stands_in_one_passage() -> None:
    pools = [*LOADERS["xquad-own"](SAMPLES), *LOADERS["drcd"](SAMPLES), *LOADERS["xquad-mixed"](SAMPLES)]
    suites = exact_suites(pools, "Exact")
    assert {suite.name for suite in suites} >= {
        "exact-xquad-own-ar",
        "exact-xquad-own-zh",
        "exact-xquad-mixed",
    }
    for suite in suites:
        for key, query in suite.queries.items():
            wanted = unicodedata.normalize("NFKC", query.text.strip('"')).casefold()
            holding = [
                name
                for name, item in suite.passages.items()
                if wanted in unicodedata.normalize("NFKC", item.text).casefold()
            ]
            assert holding == list(suite.judgements[key]), query.text
    assert exact_suites(pools, "Exact")[0].queries == suites[0].queries


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "en",
            "It met General John Smith at gate F-16, in 1,250 BC.",
            {"General John Smith", "F-16", "1,250"},
        ),
        ("zh", "他在1998年读《红楼梦的世界》。", {"1998", "红楼梦的世界"}),
        ("ja", "レオナルド・ダ・ヴィンチは1452年生まれ。", {"レオナルド・ダ・ヴィンチ", "1452"}),
        ("ru", "Это сказал Пётр Ильич Чайковский: «Лебединое озеро».", {"Лебединое озеро"}),
        ("ar", "تحدث عن Boeing 747 وعن «ألف ليلة وليلة».", {"ألف ليلة وليلة", "Boeing", "747"}),
        ("th", "อยู่ในหนังสือ King James Bible ปี 1611", {"King James Bible", "1611"}),
    ],
)
def test_names_numbers_and_quotes_are_seen_in_every_script(
    language: str, text: str, expected: set[str]
) -> None:
    assert expected <= {span for _, span in spans_of(Item(text, language, ""))}


def test_a_typo_is_one_slip_and_the_same_each_time() -> None:
    for suite in [*LOADERS["xquad-own"](SAMPLES), *LOADERS["jsquad"](SAMPLES)]:
        for seed, query in enumerate(suite.queries.values()):
            wrong = add_typo(query, seed)
            assert edits(query.text, wrong) == 1, (query.text, wrong)
            assert wrong == add_typo(query, seed)
            if query.language in {"zh", "ja"}:
                assert len(wrong) == len(query.text) - 1
    assert add_typo(Item("of it", "en", ""), 1) == "of it"


def test_typos_keep_what_is_right_and_the_halves() -> None:
    suites = MORE["typos"](SAMPLES)
    assert {suite.group for suite in suites} == {"Typos"} and len(suites) == 14
    for suite in suites:
        assert set(suite.queries) == set(suite.judgements)
        assert len(suite.half("tune").queries) + len(suite.half("report").queries) == len(suite.queries)


def test_tables_are_found_by_any_of_their_pieces() -> None:
    (suite,) = MORE["tables"](SAMPLES)
    table = max(suite.parts.values(), key=list(suite.parts.values()).count)
    pieces = [piece for piece, whole in suite.parts.items() if whole == table]
    assert len(pieces) > 1
    judged = suite.judged({"q": {pieces[0]: 0.4, "else": 0.5, pieces[-1]: 0.9}})
    assert judged["q"] == {table: 0.9, "else": 0.5}
    assert all(whole in suite.parts.values() for grades in suite.judgements.values() for whole in grades)


def test_a_table_is_cut_between_rows_with_headers_in_each() -> None:
    rows = [["Year", "Film", ""], *([str(1990 + number), "A long title " * 8, "x"] for number in range(20))]
    pieces = list(pieces_of(rows))
    lines = "\n".join(pieces).split("\n")
    assert len(pieces) > 1 and len(lines) == 20
    assert lines[0] == f"Year: 1990 | Film: {('A long title ' * 8).strip()} | x"
    assert list(pieces_of([["only", "row"]])) == ["only | row"] and list(pieces_of([])) == []


ENGLISH = (
    "Install the program from the archive before you begin, and restart the machine when it is done. " * 2
)
GERMAN = (
    "Installieren Sie das Programm aus dem Archiv, bevor Sie beginnen, und starten Sie den Rechner neu. " * 2
)


def test_a_manual_asks_its_headings_of_sections_that_all_languages_have() -> None:
    english = {
        "a.html": [("Installing the program", ENGLISH), ("Too short", "No."), ("Removing it all", ENGLISH)]
    }
    german = {
        "a.html": [("Installieren des Programms", GERMAN), ("Zu kurz", "Nein."), ("Not translated", ENGLISH)]
    }
    settings = ManualSettings("m", "M", 80, held_out=True)
    own_en, own_de, mixed, scatter, piled = manual_suites({"en": english, "de": german}, settings)
    assert [own_en.name, own_de.name, mixed.name] == ["m-own-en", "m-own-de", "m-mixed"]
    assert list(own_de.queries) == ["de-a.html-0"]
    assert own_de.queries["de-a.html-0"].text == "Installieren des Programms"
    assert "Installieren des" not in own_de.passages["de-a.html-0"].text
    assert mixed.judgements["en-a.html-0"] == {"en-a.html-0": 1, "de-a.html-0": 1}
    assert len(scatter.passages) == len(scatter.queries) == 1
    assert piled.passages == scatter.passages
    assert list(piled.queries) == list(piled.passages) and piled.queries.keys().isdisjoint(scatter.queries)
    assert mixed.half("tune").queries == {} and mixed.half("report") == mixed


def test_headings_lose_their_numbers_and_link_marks() -> None:
    assert clean_heading("1.1.3. fakeroot¶") == "fakeroot"
    assert clean_heading("5.2 Was 2024 geschah ¶") == "Was 2024 geschah"
    assert clean_heading("3D objects") == "3D objects"


def test_own_language_first_counts_askers_who_have_an_answer_in_their_language() -> None:
    passages = {"en-1": Item("x", "en", ""), "de-1": Item("x", "de", ""), "fr-2": Item("y", "fr", "")}
    queries = {one: Item("?", one, "") for one in ("en", "de", "fr")}
    right = {one: {"en-1": 1, "de-1": 1} for one in queries}
    suite = Suite("s", "S", passages, queries, right)
    run = {"en": {"en-1": 0.9, "de-1": 0.8}, "de": {"en-1": 0.9, "de-1": 0.8}, "fr": {"en-1": 1.0}}
    assert own_language_first(suite, run) == {"en": 1.0, "de": 0.0}


def test_missing_data_says_where_it_comes_from(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"google-deepmind/xquad.*--sets"):
        LOADERS["xquad-own"](tmp_path)
    with pytest.raises(NotFoundError, match="FeTaQA"):
        MORE["tables"](tmp_path)


def test_the_sample_makes_every_pool_of_xquad() -> None:
    assert len(LOADERS["xquad-own"](SAMPLES)) == len(LOADERS["xquad-cross"](SAMPLES)) == len(XQUAD_LANGUAGES)
    (mixed,) = LOADERS["xquad-mixed"](SAMPLES)
    (scatter,) = LOADERS["xquad-scatter"](SAMPLES)
    assert len(mixed.passages) == 48 and len(scatter.passages) == 4
    for key, grades in scatter.judgements.items():
        assert all(scatter.passages[name].language != scatter.queries[key].language for name in grades)
