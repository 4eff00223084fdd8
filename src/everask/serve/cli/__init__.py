"""The command line, thin over the engine. Data goes to stdout, progress and talk to stderr."""

from __future__ import annotations


def main() -> None:
    """The `everask` command."""
    from everask.serve.cli.app import run

    run()
