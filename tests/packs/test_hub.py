"""Packs from a hub: a real server on this machine, which breaks off, lies, or is not there."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest

from everask.errors import ModelError
from everask.packs import Pack, pull_pack

from .conftest import CONTENT, Hub, Index


def test_the_hub_comes_first(index: Index, hub: Hub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    file = pull_pack(
        index.pack, tmp_path, base_url=hub.url, progress=lambda done, total: seen.append((done, total))
    )
    assert file.read_bytes() == CONTENT
    assert hub.asked[0] == ("/someone/something/resolve/main/model.bin", None)
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_a_broken_transfer_goes_on_by_range(index: Index, hub: Hub, tmp_path: Path) -> None:
    only_hub = replace(index.pack, parts=())
    hub.break_after = 50_000
    with pytest.raises(ModelError):
        pull_pack(only_hub, tmp_path, base_url=hub.url)
    assert (tmp_path / "model.bin.partial").read_bytes() == CONTENT[:50_000]
    hub.break_after = None
    assert pull_pack(only_hub, tmp_path, base_url=hub.url).read_bytes() == CONTENT
    assert hub.asked[-1] == ("/blob", "bytes=50000-")


def test_a_server_without_ranges_starts_again(index: Index, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "model.bin.partial").write_bytes(b"\0" * 1000)
    hub.ranges = False
    assert pull_pack(index.pack, tmp_path, base_url=hub.url).read_bytes() == CONTENT


def test_the_index_goes_on_where_the_hub_broke_off(index: Index, hub: Hub, tmp_path: Path) -> None:
    hub.break_after = 150_000
    index.wheel(1).unlink()
    index.wheel(2).unlink()
    assert pull_pack(index.pack, tmp_path, base_url=hub.url).read_bytes() == CONTENT


def test_a_hub_that_serves_something_else_is_not_believed(index: Index, hub: Hub, tmp_path: Path) -> None:
    hub.content = CONTENT[::-1]
    assert pull_pack(index.pack, tmp_path / "a", base_url=hub.url).read_bytes() == CONTENT
    with pytest.raises(ModelError, match="SHA-256"):
        pull_pack(replace(index.pack, parts=()), tmp_path / "b", base_url=hub.url)
    hub.content = CONTENT + b"more"
    with pytest.raises(ModelError, match="more than"):
        pull_pack(replace(index.pack, parts=()), tmp_path / "c", base_url=hub.url)


def test_offline_asks_nobody(index: Index, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERASK_OFFLINE", "1")
    with pytest.raises(ModelError, match="EVERASK_OFFLINE"):
        pull_pack(index.pack, tmp_path, base_url=hub.url)
    assert not hub.asked
    (tmp_path / "model.bin").write_bytes(CONTENT)
    assert pull_pack(index.pack, tmp_path, base_url=hub.url).read_bytes() == CONTENT


def test_the_hub_alone_can_be_switched_off(
    index: Index, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert pull_pack(index.pack, tmp_path, base_url=hub.url).read_bytes() == CONTENT
    assert not hub.asked


def _pull(pack: Pack, folder: Path, url: str) -> None:
    assert pull_pack(pack, folder, base_url=url).read_bytes() == CONTENT


def test_two_pulls_at_once(index: Index, hub: Hub, tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    both = [context.Process(target=_pull, args=(index.pack, tmp_path, hub.url)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert sum(path == "/blob" for path, _ in hub.asked) == 1
