"""An upgrade that does worse on the own pile is said, with the way back; chance is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.evaluate.shares import Share
from everask.index import Store
from everask.index.measurements import Figure, put_figures
from everask.pipeline.upgrades import SUITE, worse_than_before


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as store:
        yield store


def measured(store: Store, at: float, right: int, *, version: str = "1.0", ranker: str = "ships") -> None:
    share = Share(right, 100)
    detail = {"encoder": "e5", "ranker": ranker}
    figures = [
        Figure(at, version, SUITE, metric, share.value, *share.bounds, share.of, detail)
        for metric in ("found", "answered")
    ]
    put_figures(store.database, figures)


def test_nothing_is_said_of_nothing_of_the_same_and_of_chance(store: Store) -> None:
    assert worse_than_before(store) == ""
    measured(store, 1.0, 90)
    measured(store, 2.0, 60)  # the same Everask: documents have changed
    assert worse_than_before(store) == ""
    measured(store, 3.0, 55, version="1.1")
    assert worse_than_before(store) == ""
    measured(store, 4.0, 80, version="1.2")
    assert worse_than_before(store) == ""


def test_what_is_surely_worse_is_said_with_the_way_back(store: Store) -> None:
    measured(store, 1.0, 90)
    measured(store, 2.0, 70, version="1.1")
    said = worse_than_before(store)
    assert "what answers is found 70% instead of 90% of the time" in said
    assert "Install everask==1.0 again" in said
    measured(store, 3.0, 50, version="1.1", ranker="ranker-4")
    assert worse_than_before(store).endswith("everask rollback ranker")
