"""Indexing, end to end, against txtai and LlamaIndex with the same encoder: python bench/indexing.py

Takes real passages (bench/debian_texts.py), makes the peers' virtual environment and model folder under
.bench/ when they are missing, runs each system in turn in a process of its own, and writes a table of
medians to docs/benchmarks.md. The peers run multilingual-e5-small as their documentation sets it up:
sentence-transformers, float32, both cores. Beside them a plain loop that only encodes: torch in bfloat16,
batches of 32 of one length as far as possible. A second table is of Everask alone, on pages with many
passages: how soon they are found by words, and by rough vectors.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from debian_texts import load_passages
from marked_page import write_between
from peer_model import write_peer_model

from everask import packs

ROOT = Path(__file__).parents[1]
BENCH = ROOT / ".bench"
BEGIN, END = "<!-- indexing:begin -->", "<!-- indexing:end -->"
SYSTEMS = ("everask", "torch", "txtai", "llamaindex")
PEER_PACKAGES = (
    "txtai==9.14.0",
    "llama-index-core==0.14.25",
    "llama-index-embeddings-huggingface==0.8.0",
    "llama-index-retrievers-bm25",
    "faiss-cpu==1.15.1",
)
NAMES = {
    "everask": "Everask",
    "torch": "torch loop in bf16, vectors alone",
    "txtai": "txtai 9.14",
    "llamaindex": "LlamaIndex 0.14",
}

Run = dict[str, Any]


def write_passages(num_passages: int, folder: Path) -> None:
    """One file a passage, of about 128 tokens: the same sample at every run."""
    if folder.exists():
        return
    source = BENCH / "passages.jsonl"
    if not source.exists():
        subprocess.run([sys.executable, str(ROOT / "bench" / "debian_texts.py")], check=True)
    rows = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    rows = [
        row for row in rows if len(row["text"]) <= (260 if row["language"] in {"zh", "ja", "ko"} else 640)
    ]
    folder.mkdir(parents=True)
    for number, row in enumerate(random.Random(4).sample(rows, num_passages)):
        (folder / f"{number:06}.txt").write_text(row["text"], encoding="utf-8")


def write_pages(num_passages: int, folder: Path) -> None:
    """So many real passages, in one file a page as they were."""
    if folder.exists():
        return
    pages: dict[str, list[str]] = {}
    for row in load_passages(num_passages):
        pages.setdefault(row["file"], []).append(row["text"])
    folder.mkdir(parents=True)
    for number, texts in enumerate(pages.values()):
        (folder / f"{number:06}.txt").write_text("\n\n".join(texts), encoding="utf-8")


def peer_python() -> Path:
    """The peers' virtual environment, made once; torch first and alone, so that its build is the CPU's."""
    python = BENCH / "peers" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(BENCH / "peers")], check=True)
        for wanted in (("torch==2.13.0",), PEER_PACKAGES):
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
    return python


def run_system(system: str, python: str, passages: Path, model: Path) -> Run:
    """One run, into an empty folder."""
    out = BENCH / "indexing" / f"out-{system}"
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    script = ROOT / "bench" / "indexing_run.py"
    offline = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true", "PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(
        [python, str(script), system, str(passages), str(model), str(out)],
        env={**os.environ, **(offline if python == sys.executable else {**offline, "PYTHONPATH": ""})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peaks = [0.0]
    watcher = threading.Thread(target=watch_memory, args=(process, peaks))
    watcher.start()
    output, errors = process.communicate()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{system} failed:\n{errors[-3000:]}")
    result: Run = json.loads(output.strip().splitlines()[-1])
    result["peak_mb"] = peaks[0]
    result["bytes"] = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(system, json.dumps(result, ensure_ascii=False)[:300], flush=True)
    return result


def watch_memory(process: subprocess.Popen[str], peaks: list[float]) -> None:
    """Keep the highest sum of resident sets, in MB, of a process and all that it started (Linux)."""
    page = os.sysconf("SC_PAGE_SIZE") / 1e6
    while process.poll() is None:
        parents, pages = {}, {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = stat.read_text().rpartition(")")[2].split()
                parents[int(stat.parent.name)], pages[int(stat.parent.name)] = int(fields[1]), int(fields[21])
        total = 0
        for number in pages:
            above = number
            while above not in {0, process.pid}:
                above = parents.get(above, 0)
            total += pages[number] if above == process.pid else 0
        peaks[0] = max(peaks[0], total * page)
        time.sleep(0.2)


def make_table(runs: dict[str, list[Run]], num_passages: int, num_runs: int) -> list[str]:
    """The lines of the section of docs/benchmarks.md."""
    rate = {name: statistics.median(num_passages / run["seconds"] for run in runs[name]) for name in runs}
    lines = [
        f"`python bench/indexing.py --num {num_passages} --runs {num_runs}`: {num_passages} real passages "
        "(LibreOffice's help and manual pages, 11 languages, at most about 160 tokens), from text to "
        "searchable by words and by vectors, on disk. Same encoder weights, "
        "theirs in float32 as usual, ours in int8; medians; "
        "systems in turn. The torch loop makes vectors of sorted batches in bfloat16, and stores nothing. "
        "Memory is the sum over a system's processes.",
        "",
        "| system | passages/s | lowest–highest | Everask is | peak memory, MB | on disk, MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, made in runs.items():
        rates = sorted(num_passages / run["seconds"] for run in made)
        peak = statistics.median(run["peak_mb"] for run in made)
        size = statistics.median(run["bytes"] for run in made) / 1e6
        ratio = "" if name == "everask" else f"{rate['everask'] / rate[name]:.1f}× as fast"
        lines.append(
            f"| {NAMES[name]} | {rate[name]:.1f} | {rates[0]:.1f}–{rates[-1]:.1f} | {ratio} | {peak:.0f} "
            f"| {size:.0f} |"
        )
    cores, load = os.cpu_count(), os.getloadavg()[1]
    lines += ["", f"{platform.machine()}, {cores} cores, load average {load:.1f} meanwhile."]
    return lines


def make_stages(runs: list[Run]) -> list[str]:
    """The lines about words and rough vectors."""
    median = {name: statistics.median(run[name] for run in runs) for name in ("words", "rough", "peak_mb")}
    return [
        "",
        f"Everask alone, {runs[0]['files']:,} files with {runs[0]['passages']:,} passages, {len(runs)} runs; "
        "each stage ends on disk:",
        "",
        "| stage | passages/s |",
        "|---|---|",
        f"| files are read, passages found by words | {median['words']:,.0f} |",
        f"| then by rough vectors (static, from tokens) | {median['rough']:,.0f} |",
        "",
        f"Peak memory {median['peak_mb']:.0f} MB.",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=1000, help="passages")
    parser.add_argument("--runs", type=int, default=3, help="runs of each system")
    parser.add_argument("--pages", type=int, default=20_000, help="passages of the second table")
    chosen = parser.parse_args(arguments)
    q4_file = packs.pull("e5-small", packs.default_folder())
    model, passages = BENCH / "peers-e5-small", BENCH / "indexing" / f"passages-{chosen.num}"
    write_peer_model(q4_file, model)
    write_passages(chosen.num, passages)
    pythons = {name: sys.executable if name == "everask" else str(peer_python()) for name in SYSTEMS}
    runs: dict[str, list[Run]] = {name: [] for name in SYSTEMS}
    for _ in range(chosen.runs):
        for name in SYSTEMS:
            runs[name].append(run_system(name, pythons[name], passages, model))
    pages = BENCH / "indexing" / f"pages-{chosen.pages}"
    write_pages(chosen.pages, pages)
    stages = [run_system("stages", sys.executable, pages, model) for _ in range(chosen.runs)]
    lines = make_table(runs, chosen.num, chosen.runs) + make_stages(stages)
    write_between(BEGIN, END, lines, heading="## Indexing")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
