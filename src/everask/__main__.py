"""`python -m everask` is the `everask` command."""

from __future__ import annotations

from everask.serve.cli import main

main()
