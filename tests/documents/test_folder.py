"""What a walk gives, and what it leaves out."""

from __future__ import annotations

import os
from pathlib import Path

from everask.documents.folder import walk


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")


def relative(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in walk(root)]


def test_files_come_in_order_and_litter_does_not(tmp_path: Path) -> None:
    make(tmp_path, "b.txt", "a/z.txt", "a/a.txt", ".git/config", "node_modules/x/readme.md", "m.pyc")
    make(tmp_path, "~$draft.docx", ".~lock.a.odt#", "notes.txt~", "Thumbs.db", "x.tmp", "__pycache__/m.txt")
    assert relative(tmp_path) == ["a/a.txt", "a/z.txt", "b.txt"]


def test_a_file_is_its_own_walk(tmp_path: Path) -> None:
    make(tmp_path, ".hidden.txt")
    assert list(walk(tmp_path / ".hidden.txt")) == [tmp_path / ".hidden.txt"]


def test_links_are_not_followed_and_only_those_that_lead_out_are_named(tmp_path: Path) -> None:
    make(tmp_path, "in/a.txt", "out/b.txt")
    (tmp_path / "in/inside").symlink_to(tmp_path / "in/a.txt")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/outside").symlink_to(tmp_path / "out")
    (tmp_path / "in/dangling").symlink_to(tmp_path / "nowhere")
    assert relative(tmp_path / "in") == ["a.txt", "dangling", "loop", "outside"]


def test_pipes_are_named_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert relative(tmp_path) == ["pipe"]


def test_deep_trees_need_no_recursion(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(400):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "leaf.txt").write_text("text")
    assert len(list(walk(tmp_path))) == 1
