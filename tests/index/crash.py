"""A seeded plan of changes to a store, the process that carries it out, and the check after its death.

`python -m tests.index.crash FOLDER SEED FIRST` does step FIRST and those after it, and prints a line
when a step is acknowledged. Whoever reads the lines kills it. Each passage holds one word that stands
nowhere else, in no other version of its file: so what is lost, doubled, half there or not gone shows.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from tests.index.pile import make_document, make_source, pair

from everask.index import Store, dense
from everask.types import Document, Passage

ENCODER = "made-for-kills"
DIMENSION = 32
NUM_FILES = 24
FOLDERS = 3
NUM_FORMER = 40
"""How many of the versions that are gone are looked for."""


@dataclass
class State:
    """What the plan has put: by file, its version and number of passages; and what it had before."""

    files: dict[int, tuple[int, int]] = field(default_factory=dict)
    former: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """What a step does: "put", "remove" or "remove folder", and of which file."""

    action: str
    file: int
    version: int
    num_passages: int


def plan(seed: int, number: int) -> Step:
    """Step `number`, always the same."""
    source = random.Random(seed * 1_000_003 + number)
    action = source.choices(("put", "remove", "remove folder"), (70, 22, 8))[0]
    size = source.choices((3, 20, 200), (50, 40, 10))[0]
    return Step(action, source.randrange(NUM_FILES), number, size)


def uri_of(file: int) -> str:
    """A file's address, in one of some folders."""
    return f"file:///pile/f{file % FOLDERS}/{file}.mbox"


def words_of(file: int, version: int, num_passages: int) -> list[str]:
    """The one word of each passage."""
    return [f"zq{file}v{version}p{at}x" for at in range(num_passages)]


def documents_of(step: Step) -> Iterator[tuple[Document, Sequence[Passage]]]:
    """Two documents for each file; the first line of the first is in every version of it."""
    words = words_of(step.file, step.version, step.num_passages)
    half = len(words) // 2
    for part, some in enumerate((words[:half], words[half:])):
        lines = [f"constant{step.file} part{part}", *(f"about {word} and more" for word in some)]
        yield pair(make_document(f"{uri_of(step.file)}#{part}", "\n".join(lines), name=f"{step.file}#{part}"))


def follow(state: State, step: Step) -> State:
    """The state after a step."""
    after = State(dict(state.files), list(state.former))
    hit = (
        [step.file]
        if step.action != "remove folder"
        else list(range(step.file % FOLDERS, NUM_FILES, FOLDERS))
    )
    for file in hit:
        if file in after.files:
            after.former.append((file, *after.files.pop(file)))
    if step.action == "put":
        after.files[step.file] = (step.version, step.num_passages)
    return after


def vector_of(passage: int) -> NDArray[np.float32]:
    """The vector that a passage gets, told by its id."""
    vector = np.random.default_rng(passage).standard_normal(DIMENSION).astype(np.float32)
    return vector / np.float32(np.linalg.norm(vector))


def small_limits() -> None:
    """Derived indexes already for small piles, so that kills meet them."""
    dense.MIN_DERIVED, dense.MIN_GRAPH = 60, 150


def carry_out(folder: Path, seed: int, first: int) -> None:
    """Do steps until killed."""
    small_limits()
    with Store.open(folder) as store:
        print("open", flush=True)
        number = first
        while True:
            step = plan(seed, number)
            if step.action == "put":
                store.put_source(make_source(uri_of(step.file)), documents_of(step))
            elif step.action == "remove":
                store.remove_source(uri_of(step.file))
            else:
                store.remove_under(f"file:///pile/f{step.file % FOLDERS}")
            print(f"done {number}", flush=True)
            waiting = [one for one, _, _ in store.pending(ENCODER, 64)]
            if waiting:
                store.put_vectors(ENCODER, waiting, np.stack([vector_of(one) for one in waiting]))
            if number % 3 == 0:
                store.maintain(ENCODER, {})
            number += 1


def start_and_kill(folder: Path, seed: int, first: int, source: random.Random) -> tuple[int, str]:
    """Run the plan from a step on, kill it at a random moment; the last acknowledged step, and when."""
    command = [sys.executable, "-m", "tests.index.crash", str(folder), str(seed), str(first)]
    root = Path(__file__).parents[2]
    lines: list[str] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        early = source.random() < 0.1
        if early:
            time.sleep(source.uniform(0, 1.5))
        else:
            lines = _read_some(process.stdout, source)
        process.kill()
        lines += process.stdout.read().split("\n")[:-1]  # a torn last line is no acknowledgement
        process.wait()
    done = [int(line.removeprefix("done ")) for line in lines if line.startswith("done ")]
    return (done[-1] if done else first - 1), ("opening" if early and not done else "writing")


def _read_some(output: IO[str], source: random.Random) -> list[str]:
    """Wait for a few acknowledgements, and then for as long as a step may take on this machine now."""
    lines = [output.readline().strip()]
    start = time.monotonic()
    lines += [output.readline().strip() for _ in range(source.randrange(5))]
    step = (time.monotonic() - start) / (len(lines) - 1) if len(lines) > 1 else 0.2
    time.sleep(source.uniform(0, 1.3 * step))
    return lines


def matches(store: Store, state: State) -> bool:
    """Whether exactly the files of the state are there, in the right versions."""
    expected = {uri_of(file) for file in state.files}
    if {source.uri for source in store.sources()} != expected:
        return False
    return all(
        store.lexical([words_of(file, version, size)[-1]], 5) for file, (version, size) in state.files.items()
    )


def problems_of(store: Store, state: State, source: random.Random) -> list[str]:
    """What is lost, doubled, half there, not gone or damaged."""
    problems = store.check()
    for file, (version, size) in state.files.items():
        documents = documents_of(Step("put", file, version, size))
        for document, passages in documents:
            if store.document(document.id) != document:
                problems.append(f"document {document.name} is not as it was")
            if [one.text for one in store.passages(document.id)] != [one.text for one in passages]:
                problems.append(f"passages of {document.name} are not as they were")
        for word in words_of(file, version, size):
            if len(store.lexical([word], 5)) != 1:
                problems.append(f"{word} is found {len(store.lexical([word], 5))} times")
    for file, version, size in source.sample(state.former, min(NUM_FORMER, len(state.former))):
        for word in words_of(file, version, size)[:: max(1, size // 5)]:
            if store.lexical([word], 5):
                problems.append(f"{word} is gone, and is found")
    if store.counts().documents != 2 * len(state.files):
        problems.append(f"{store.counts().documents} documents instead of {2 * len(state.files)}")
    return problems + _dense_problems(store, source)


def _dense_problems(store: Store, source: random.Random) -> list[str]:
    means = store.dense_means(ENCODER)
    waiting = {one for one, _, _ in store.pending(ENCODER, 1_000_000)}
    everything = [one.id for info in store.documents() for one in store.passages(info.id)]
    have = [one for one in everything if one not in waiting]
    if store.counts().vectors.get(ENCODER, 0) != len(have):
        return [f"{store.counts().vectors} vectors for {len(have)} passages"]
    problems = []
    for one in source.sample(have, min(20, len(have))):
        query = vector_of(one) - means["en"]
        found = store.dense(ENCODER, query / np.float32(np.linalg.norm(query)), None, 3)
        if not found or found[0][0] != one:
            problems.append(f"passage {one} is not found by its vector")
    return problems


if __name__ == "__main__":
    carry_out(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
