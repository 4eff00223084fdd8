"""The house's shape: files of at most 400 lines, functions of at most 60, no names that say nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = [
    path for folder in ("src", "tests", "bench", "dev", "examples") for path in (ROOT / folder).rglob("*.py")
]
SOURCE = sorted((ROOT / "src").rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_PARAMETERS = 7
VAGUE = {"utils", "util", "helpers", "helper", "manager", "base", "misc", "common"}

# A migration is a frozen list of tables, read from top to bottom and never again edited.
LENGTH_WAIVER = "src/everask/index/migrations/versions/"
# A command line's function has one parameter an option: Typer reads the signature.
PARAMETER_WAIVER = "src/everask/serve/cli/"
# A text's placeholders are named by the template that it stands in: {{ _("{number} files", number=n) }}.
KEYWORDS_WAIVER = "src/everask/serve/wording.py"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_are_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in CODE
        if (count := len(path.read_text("utf-8").splitlines())) > MAX_FILE_LINES
    }
    assert not long


def test_functions_are_short() -> None:
    long = [
        (str(path.relative_to(ROOT)), node.name)
        for path in CODE
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > MAX_FUNCTION_LINES and LENGTH_WAIVER not in str(path)
    ]
    assert not long


def test_signatures_are_honest() -> None:
    wrong: list[tuple[str, str]] = []
    for path in SOURCE:
        name = str(path.relative_to(ROOT))
        for node in functions(path):
            arguments = node.args
            count = len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs)
            count -= bool(arguments.args and arguments.args[0].arg in {"self", "cls"})
            if (arguments.kwarg and name != KEYWORDS_WAIVER) or (
                count > MAX_PARAMETERS and not name.startswith(PARAMETER_WAIVER)
            ):
                wrong.append((name, node.name))
    assert not wrong


def test_names_say_something() -> None:
    assert not [path for path in SOURCE if path.stem in VAGUE]


def test_modules_and_public_functions_are_documented() -> None:
    missing: list[str] = []
    for path in SOURCE:
        tree = ast.parse(path.read_text("utf-8"))
        name = str(path.relative_to(ROOT))
        if tree.body and not ast.get_docstring(tree) and "migrations/versions" not in name:
            missing.append(name)
        missing += [
            f"{name}: {node.name}"
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and not ast.get_docstring(node)
        ]
    assert not missing


def test_nothing_is_left_undone() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
    assert not [path for path in CODE if any(word in path.read_text("utf-8") for word in words)]
