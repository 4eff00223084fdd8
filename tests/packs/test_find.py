"""What is on disk is believed only as far as it was verified."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from everask import packs
from everask.errors import ModelError, UsageError
from everask.packs import PACKS
from everask.packs.stamp import find_file

from .conftest import CONTENT, Index


def test_the_catalogue_adds_up() -> None:
    for name, pack in PACKS.items():
        assert pack.name == name
        assert sum(part.size for part in pack.parts) == pack.size
        assert len({part.package for part in pack.parts}) == len(pack.parts)
        hashes = [pack.sha256, *(part.wheel_sha256 for part in pack.parts)]
        assert all(len(one) == 64 and int(one, 16) for one in hashes)
        assert len(set(hashes)) == len(hashes)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageError, match="e5-small"):
        packs.find("e5-large", Path())


def test_a_file_put_there_by_hand_is_found(index: Index, tmp_path: Path) -> None:
    assert find_file(index.pack, tmp_path) is None
    (tmp_path / "model.bin").write_bytes(CONTENT)
    assert find_file(index.pack, tmp_path) == tmp_path / "model.bin"
    assert (tmp_path / "model.bin.stamp").exists()


def test_a_changed_file_is_not_found(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(CONTENT)
    assert find_file(index.pack, tmp_path) == file
    file.write_bytes(CONTENT[:-1] + b"!")
    os.utime(file, ns=(1, 1))
    assert find_file(index.pack, tmp_path) is None
    file.write_bytes(CONTENT[:-1])
    assert find_file(index.pack, tmp_path) is None


def test_a_stamp_of_another_pack_says_nothing(index: Index, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(CONTENT)
    assert find_file(index.pack, tmp_path)
    assert find_file(replace(index.pack, sha256="0" * 64), tmp_path) is None


def test_verify_hashes_again(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PACKS, "test", index.pack)
    file = tmp_path / "model.bin"
    with pytest.raises(ModelError, match="is not there"):
        packs.verify("test", tmp_path)
    file.write_bytes(CONTENT)
    assert packs.verify("test", tmp_path) == file
    # Changed behind the stamp's back: same size, same time.
    before = file.stat()
    file.write_bytes(CONTENT[:-1] + b"!")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ModelError, match="not the pinned file"):
        packs.verify("test", tmp_path)
    assert packs.find("test", tmp_path) is None


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVERASK_MODELS", str(tmp_path))
    assert packs.default_folder() == tmp_path
    monkeypatch.delenv("EVERASK_MODELS")
    assert packs.default_folder().parts[-2:] == ("everask", "models")
