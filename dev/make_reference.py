"""Write docs/reference.md from the code: commands, settings, the Python interface, exit codes.

`python dev/make_reference.py` writes it; a test checks that it is up to date.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
from pathlib import Path

import typer
from typer.testing import CliRunner

import everask
from everask import errors
from everask.pipeline import AddReport, Engine, Status
from everask.serve.cli.app import app
from everask.settings import Settings, section_types

FILE = Path(__file__).parents[1] / "docs/reference.md"
ENGINE_METHODS = (
    *("add", "remove", "wait_for_vectors", "start_background"),
    *("search", "ask", "ask_stream", "documents", "document", "find_document", "sources"),
    *("status", "doctor", "backup", "close"),
)


def make_reference() -> str:
    """The whole page as Markdown."""
    parts = [
        "# Reference\n\nMade from the code by `python dev/make_reference.py`; do not edit.\n",
        _commands(),
        _exit_codes(),
        _settings(),
        _python(),
    ]
    return "\n".join(parts)


def _commands() -> str:
    lines = ["## Commands\n"]
    for words in _command_names(app, ()):
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="everask", env={"COLUMNS": "100"})
        lines += [f"### everask {' '.join(words)}\n", "```text", shown.output.strip(), "```\n"]
    return "\n".join(lines)


def _command_names(group: typer.Typer, above: tuple[str, ...]) -> list[tuple[str, ...]]:
    names = [
        (*above, one.name or getattr(one.callback, "__name__", ""))
        for one in group.registered_commands
        if not one.hidden
    ]
    for inner in group.registered_groups:
        if inner.typer_instance is not None:
            names += _command_names(inner.typer_instance, (*above, str(inner.name)))
    return sorted(names)


def _exit_codes() -> str:
    kinds = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.EveraskError)
    ]
    rows = sorted((one.exit_code, one.__name__, inspect.getdoc(one) or "") for one in kinds)
    lines = ["## Exit codes\n", "| code | error | when |", "| --- | --- | --- |", "| 0 | | done |"]
    lines += [f"| {code} | {name} | {text.splitlines()[0]} |" for code, name, text in rows]
    lines.append("| 8 | | nothing was found, or the documents don't say |\n")
    return "\n".join(lines)


def _settings() -> str:
    lines = [
        "## Settings\n",
        "In `everask.toml` in the data folder, or as `EVERASK_SECTION_NAME` in the environment.\n",
    ]
    for section, kind in section_types().items():
        lines += [f"### [{section}]\n", inspect.getdoc(kind) or "", ""]
        lines += ["| name | default | environment |", "| --- | --- | --- |"]
        made = getattr(Settings(Path()), section)
        for field in dataclasses.fields(kind):
            variable = f"EVERASK_{section}_{field.name}".upper()
            lines.append(f"| {field.name} | `{getattr(made, field.name)!r}` | `{variable}` |")
        lines.append("")
    return "\n".join(lines)


def _python() -> str:
    lines = ["## Python\n", f"`everask.open(data=None) -> Engine`: {inspect.getdoc(everask.open)}\n"]
    for name in ENGINE_METHODS:
        method = getattr(Engine, name)
        lines += [f"### Engine.{name}\n", f"```python\n{name}{inspect.signature(method)}\n```\n"]
        lines += [inspect.getdoc(method) or "", ""]
    for record in (Status, AddReport):
        fields = ", ".join(f"`{one.name}`" for one in dataclasses.fields(record))
        lines += [f"### {record.__name__}\n", inspect.getdoc(record) or "", "", f"Fields: {fields}.\n"]
    return "\n".join(lines)


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    FILE.write_text(make_reference(), "utf-8")
