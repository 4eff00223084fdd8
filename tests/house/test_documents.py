"""The documentation is true: the reference is up to date, links resolve, commands that it names exist."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def test_the_reference_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "dev/make_reference.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    os.environ["COLUMNS"] = "100"
    assert (ROOT / "docs/reference.md").read_text("utf-8") == module.make_reference()


def test_the_table_of_learned_parts_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_models_readme", ROOT / "dev/make_models_readme.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "src/everask/models/README.md").read_text("utf-8") == module.make()


def test_links_resolve() -> None:
    broken = [
        (str(page.relative_to(ROOT)), target)
        for page in PAGES
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not broken


def test_every_command_that_the_pages_name_exists() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    named = set(re.findall(r"^\s*everask ([a-z][a-z-]+)", text, re.MULTILINE))
    done = subprocess.run([sys.executable, "-m", "everask", "--help"], capture_output=True, text=True)
    known = set(re.findall(r"^\s+([a-z]+)  ", done.stdout, re.MULTILINE))
    assert named and named <= known


def test_every_bench_that_the_pages_name_exists() -> None:
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    assert not [name for name in re.findall(r"bench/\w+\.py", text) if not (ROOT / name).exists()]
