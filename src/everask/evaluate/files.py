"""The shared data's files, opened; one that is missing is said to be, and where it comes from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from everask.errors import NotFoundError

_SOURCES = {
    "p02_xquad": "github.com/google-deepmind/xquad (CC BY-SA 4.0)",
    "p02_drcd": "github.com/DRCKnowledgeTeam/DRCD (CC BY-SA 3.0)",
    "p02_cmrc2018": "github.com/ymcui/cmrc2018 (CC BY-SA 4.0)",
    "p02_jsquad": "github.com/yahoojapan/JGLUE (CC BY-SA 4.0)",
    "p02_ir_arcd": "github.com/agentset-ai/embedding-leaderboard, datasets/arcd",
    "p02_ir_dbpedia": "github.com/agentset-ai/embedding-leaderboard, datasets/dbpedia",
    "p02_cranfield": "the Cranfield collection of Glasgow's IR group",
    "p02_hotpot_distractor": "HotpotQA, development set, distractor setting (CC BY-SA 4.0)",
    "p08_fetaqa": "github.com/Yale-LILY/FeTaQA (CC BY-SA 4.0)",
}


def read_lines(path: Path) -> Iterator[Any]:
    """The JSON values of a file, one a line. Raises NotFoundError."""
    check_is_there(path)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def read_text(path: Path) -> str:
    """A whole file. Raises NotFoundError."""
    check_is_there(path)
    return path.read_text(encoding="utf-8")


def check_is_there(path: Path) -> None:
    """Raises NotFoundError, which says where the data comes from."""
    if not path.is_file():
        source = _SOURCES.get(path.parent.name, "another place")
        raise NotFoundError(
            f"{path} is not there. {path.parent.name} is made from {source}.",
            f"Name the folder that holds {path.parent.name}/ with --sets or EVERASK_SHARED_DATA.",
        )
