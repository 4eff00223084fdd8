"""The pipeline: the one place that joins rooms. `open` gives an `Engine`; everything else is thin over it."""

from __future__ import annotations

from everask.pipeline.adding import AddProgress, AddReport
from everask.pipeline.apart import encode_likely, open_apart
from everask.pipeline.asking import Found
from everask.pipeline.engine import Engine, open_engine
from everask.pipeline.state import Problem, Status

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
