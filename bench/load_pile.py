"""The pile, the people and the words of bench/load.py: made once, and copied for each run.

The examples, XQuAD's paragraphs in twelve languages, DRCD's and encyclopedia entries: one file each, all with
their vectors. Two folders are for groups. What comes in during a run is newsgroup posts, of which none was
there before.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

from everask.errors import UsageError
from everask.evaluate.files import read_lines
from everask.evaluate.spans import load_span_sets
from everask.index.accounts import Accounts, User
from everask.index.credentials import Credentials
from everask.pipeline import Engine, open_engine

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".bench" / "load"
EXAMPLES = ROOT / "examples"
LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
GROUPS = ("staff", "legal", "science")
RESTRICTED = {"drcd": ("staff", "science"), "entries": ("legal", "science")}
NUM_PEOPLE = 100
NUM_ENTRIES = 4_000
PASSWORD = "a-long-pass-phrase-of-the-bench"
ADMIN = "admin"


def shared_data() -> Path:
    """Where the shared data is."""
    return Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")


def build() -> Path:
    """The data folder, with vectors and people; made if it is not there."""
    data = FOLDER / "data"
    if (FOLDER / "made").exists():
        return data
    files = FOLDER / "files"
    for name, text in _texts():
        place = files / f"{name}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    os.environ["EVERASK_MODELS_GENERATOR"] = "none"
    with open_engine(data) as engine:
        engine.add([EXAMPLES / "documents", files])
        for name, groups in RESTRICTED.items():
            engine.set_groups(str(files / name), groups)
        engine.wait_for_vectors(
            lambda done, total: print(f"\rvectors: {done} of {total}", end="", flush=True)
        )
        _invite(engine)
    (FOLDER / "made").touch()
    return data


def _texts() -> Iterator[tuple[str, str]]:
    names = (*(f"xquad-{one}" for one in LANGUAGES), "drcd")
    for one in load_span_sets(shared_data(), names):
        for number, text in enumerate(one.paragraphs.values()):
            yield f"{one.name.replace('-', '/')}/{number:04}", text
    rows = read_lines(shared_data() / "p02_ir_dbpedia" / "corpus.jsonl.gz")
    for number, row in enumerate(itertools.islice(rows, NUM_ENTRIES)):
        yield f"entries/{number:04}", f"{row.get('title', '')}\n\n{row['text']}"


def _invite(engine: Engine) -> None:
    """An admin, and members: of no group, of one, or of two."""
    accounts = Accounts(engine.store.database)
    for number in range(NUM_PEOPLE):
        groups = GROUPS[number % 4 : number % 4 + 1 + number % 2]
        try:
            accounts.add(f"person{number}", "member", groups, PASSWORD)
        except UsageError:  # of an earlier try that was cut off
            continue
    accounts.add(ADMIN, "admin", (), PASSWORD)


def make_tokens(data: Path) -> list[str]:
    """A token for each person, the admin's first."""
    with open_engine(data) as engine:
        known = {user.name: user for user in _accounts(engine)}
        credentials = Credentials(engine.store.database)
        people = [known[ADMIN], *(known[f"person{number}"] for number in range(NUM_PEOPLE))]
        return [credentials.create_token(user, "bench", 1)[0] for user in people]


def _accounts(engine: Engine) -> list[User]:
    return list(Accounts(engine.store.database).list())


def questions(seed: int = 7) -> list[str]:
    """What is searched for and asked, mixed: XQuAD's questions in their languages, and the examples'."""
    found = [
        one.text
        for two in load_span_sets(shared_data(), tuple(f"xquad-{one}" for one in LANGUAGES))
        for one in two.questions
    ]
    lines = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    found += 5 * [str(json.loads(line)["text"]) for line in lines]
    random.Random(seed).shuffle(found)
    return found


def newcomers() -> Iterator[tuple[str, bytes]]:
    """Files that come in, without end: once all posts were there, they come again with a line more."""
    path = shared_data() / "p06_20news" / "20news-bydate-train.jsonl.gz"
    for turn in itertools.count():
        for number, row in enumerate(read_lines(path)):
            text = str(row["text"]).strip() or "Nothing was said."
            yield f"post-{turn}-{number:05}.txt", f"Post {number} of turn {turn}.\n\n{text}\n".encode()
