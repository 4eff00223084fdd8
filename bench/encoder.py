"""The encoder by itself: python bench/encoder.py [--peers]

Texts a second at about 128 tokens, our int8 graph against the same weights in float32 in onnxruntime, and
with --peers in torch (float32, and dynamic int8) through sentence-transformers; time to open, time for a
query, memory. Writes a table to docs/benchmarks.md between its markers; run it on an idle machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from indexing import BENCH, peer_python, write_passages
from marked_page import dated, write_between
from peer_model import write_peer_model

from everask import packs
from everask.encoder import Encoder, build_encoder, open_encoder
from everask.encoder.graph import make_graph
from everask.encoder.q4_file import read_q4_file

BEGIN, END = "<!-- encoder:begin -->", "<!-- encoder:end -->"
QUERY = "How do I change the page style of this document?"

_PEER = """
import json, sys, time, torch
from sentence_transformers import SentenceTransformer
model = SentenceTransformer(sys.argv[1], device="cpu")
texts = ["passage: " + text for text in json.load(sys.stdin)]
if sys.argv[2] == "int8":
    model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
    assert "DynamicQuantizedLinear" in str(model)
model.encode(texts[:8])
wall, cpu = time.perf_counter(), time.process_time()
model.encode(texts, batch_size=32)
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def time_passages(encoder: Encoder, texts: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    encoder.encode_passages(texts[:8])
    wall, cpu = time.perf_counter(), time.process_time()
    encoder.encode_passages(texts)
    return time.perf_counter() - wall, time.process_time() - cpu


def time_query(encoder: Encoder) -> float:
    """Median milliseconds of one query."""
    times = []
    for number in range(50):
        start = time.perf_counter()
        encoder.encode_query(f"{QUERY} {number}")
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def run_peer(model: Path, kind: str, texts: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of torch."""
    done = subprocess.run(
        [str(peer_python()), "-c", _PEER, str(model), kind],
        input=json.dumps(texts),
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    wall, cpu = json.loads(done.stdout.strip().splitlines()[-1])
    return wall, cpu


def open_float(q4_file: Path, built: Path, folder: Path) -> Encoder:
    """The same folder with the float32 graph in place of ours."""
    for path in built.iterdir():
        if path.name != "graph.onnx":
            (folder / path.name).symlink_to(path)
    onnx.save(make_graph(read_q4_file(q4_file), quantised=False), folder / "graph.onnx")
    return open_encoder(folder)


def resident_megabytes() -> float:
    """This process's resident set (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=200)
    parser.add_argument("--peers", action="store_true")
    chosen = parser.parse_args()
    q4_file = packs.pull("e5-small", packs.default_folder())
    built, passages = BENCH / "encoder", BENCH / "indexing" / f"passages-{chosen.num}"
    build_encoder(q4_file, built)
    write_passages(chosen.num, passages)
    texts = [path.read_text(encoding="utf-8") for path in sorted(passages.glob("*.txt"))]
    before, start = resident_megabytes(), time.perf_counter()
    encoder = open_encoder(built)
    opened, grown = time.perf_counter() - start, resident_megabytes() - before
    with tempfile.TemporaryDirectory() as folder:
        exact = open_float(q4_file, built, Path(folder))
        runs: dict[str, Callable[[], tuple[float, float]]] = {
            "int8, onnxruntime (ours)": lambda: time_passages(encoder, texts),
            "float32, onnxruntime": lambda: time_passages(exact, texts),
        }
        if chosen.peers:
            model = BENCH / "peers-e5-small"
            write_peer_model(q4_file, model)
            runs["float32, torch"] = lambda: run_peer(model, "float32", texts)
            runs["int8, torch"] = lambda: run_peer(model, "int8", texts)
        lines = ["| encoder | texts/s | texts per CPU second |", "|---|---:|---:|"]
        for name, run in runs.items():
            wall, cpu = run()
            lines.append(f"| {name} | {len(texts) / wall:.1f} | {len(texts) / cpu:.1f} |")
            print(lines[-1], flush=True)
        few = texts[:50]
        cosines = (encoder.encode_passages(few) * exact.encode_passages(few)).sum(axis=1)
    lines += [
        "",
        f"{len(texts)} texts of {mean_tokens(encoder, texts):.0f} tokens on average. Opening takes "
        f"{opened:.2f} s and {grown:.0f} MB, a query {time_query(encoder):.1f} ms (median of 50). "
        f"Cosine of int8 to float32: mean {np.mean(cosines):.5f}, least {np.min(cosines):.5f}.",
    ]
    command = f"python bench/encoder.py --num {chosen.num}" + (" --peers" if chosen.peers else "")
    write_between(BEGIN, END, dated(command, "\n".join(lines)), heading="## The encoder by itself")
    print("\n".join(lines))


def mean_tokens(encoder: Encoder, texts: Sequence[str]) -> float:
    """Mean number of tokens, without prefix and marks."""
    return statistics.mean(encoder.count_tokens(text) for text in texts)


if __name__ == "__main__":
    main()
