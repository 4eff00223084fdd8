"""The command line, thin over the engine. Data goes to stdout, progress and talk to stderr."""

from __future__ import annotations

import os


def main() -> None:
    """The `everask` command."""
    # Before numpy is there: its second thread spins between products of small matrices, a quarter of the
    # processor's time of a search, and makes none of them sooner.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from everask.serve.cli.app import run

    run()
