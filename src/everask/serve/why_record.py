"""What became of an expected place, as plain data for JSON: the same for the command line and the API."""

from __future__ import annotations

from typing import Any

from everask.pipeline.trail import Why
from everask.serve.way import way_record


def why_record(why: Why) -> dict[str, Any]:
    """The stage that lost it ("" where it is in the answer), and every step in words and figures."""
    return {
        "question": why.question,
        "lost_at": why.lost_at,
        "document": why.document.name if why.document else "",
        "document_id": why.document.id if why.document else "",
        "start": why.start,
        "end": why.end,
        "steps": [
            {
                "stage": one.stage,
                "state": one.state,
                "text": one.sentence,
                "figures": {
                    key: round(value, 4) if isinstance(value, float) else value
                    for key, value in one.figures.items()
                },
            }
            for one in why.steps
        ],
        "way": way_record(why.way),
        "seconds": round(why.seconds, 3),
    }
