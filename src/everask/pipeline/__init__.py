"""The pipeline: the one place that joins rooms. `open` gives an `Engine`; everything else is thin over it."""

from __future__ import annotations

from everask.pipeline.adding import AddProgress, AddReport
from everask.pipeline.apart import encode_likely, open_apart
from everask.pipeline.engine import Engine, Found, Problem, Status, open_engine

__all__ = [
    "AddProgress",
    "AddReport",
    "Engine",
    "Found",
    "Problem",
    "Status",
    "encode_likely",
    "open_apart",
    "open_engine",
]
