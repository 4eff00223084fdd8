"""After an upgrade: weights that were learned before it serve on only where they still measure no worse than
those that ship now, on the questions that people judged and nothing learned from, and on made ones.

Until that is known they serve on. Where they are worse they are set aside; `everask rollback ranker` lets
them serve again, and they are not compared with these shipped weights once more.
"""

from __future__ import annotations

import shutil

from everask.errors import TrainingError
from everask.index.learned import Learned, add_to_card
from everask.pipeline.labelling import read_labels
from everask.pipeline.promotion import set_aside_within
from everask.pipeline.upgrades import shipped_ranker, to_check
from everask.retrieve.fuse import load_fusion, parse_fusion
from everask.training.asking import MOST_ASKED, as_asked, compare, make
from everask.training.feedback import card_of, tell_figures
from everask.training.gate import ASKED, Verdict, confirm
from everask.training.ranker import open_encoder_of
from everask.training.work import Work


def check_ranker(work: Work) -> Verdict:
    """Compare, and set what was learned aside where what ships is better.

    Raises TrainingError where there is nothing to compare by: then all stays, and the next start tries again.
    """
    made = to_check(work.store)
    assert made is not None, "who calls this has looked"
    learned = parse_fusion(made.card.get("weights", {}))
    work.tell_progress("collecting", 0, 0, "reading what people did")
    judged = as_asked(work.store, [one for one in read_labels(work.store).held_out if one.right][:MOST_ASKED])
    _, measuring = make(work)
    asked = compare(work, open_encoder_of(work), [*judged, *measuring], (load_fusion(), learned))
    if not asked:
        raise TrainingError(
            f"There are no questions to compare {made.name} with what ships by.", f"{made.name} serves on."
        )
    verdict = confirm(asked, work.seed)
    _end(work, made, verdict)
    return verdict


def _end(work: Work, made: Learned, verdict: Verdict) -> None:
    """In one transaction: what was found, and what serves from now on."""
    found = {**card_of(verdict), "shipped": shipped_ranker(), "is_kept": verdict.is_kept}
    with work.store.database.writing() as connection:
        add_to_card(connection, made.name, {"checked": found})
        if not verdict.is_kept:
            set_aside_within(connection, made)
    figures = tell_figures(verdict.kinds.get(ASKED, verdict.all))
    if verdict.is_kept:
        work.job.end("kept", f"{made.name} serves on: {figures}.")
    else:
        told = f"{verdict.why} ({figures}.) What ships serves; undo: everask rollback ranker"
        work.job.end("refused", f"{made.name} is set aside. {told}")
    shutil.rmtree(work.folder, ignore_errors=True)
