"""Runs bench/peer_search.py for search_quality: one process a system, its runs kept in .bench/peer-runs.

A system's run depends on the passages, the queries and the vectors alone, so it is made once.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from indexing import peer_python
from search_channels import Pool, Run, VectorCache

PEERS = {"txtai hybrid": "txtai", "LlamaIndex hybrid": "llamaindex"}
_SCRIPT = Path(__file__).with_name("peer_search.py")


class PeerSystem:
    """One of the peers, started when it is first needed."""

    def __init__(self, name: str, vectors: VectorCache, cache: Path) -> None:
        self._name = name
        self._vectors = vectors
        self._cache = cache / "peer-runs"
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> PeerSystem:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()

    def run(self, pool: Pool) -> Run:
        """What it finds for the suite's queries."""
        languages = {item.language for item in pool.suite.passages.values()}
        job = {
            "passages": list(zip(pool.order, pool.texts, strict=True)),
            "queries": [(key, item.text) for key, item in pool.suite.queries.items()],
            "language": languages.pop() if len(languages) == 1 else "",
        }
        written = json.dumps(job, ensure_ascii=False)
        digest = hashlib.sha256(f"{self._vectors.id}\n{_SCRIPT.read_text()}\n{written}".encode()).hexdigest()
        kept = self._cache / f"{self._name}-{digest[:32]}.json"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            made = self._run(written, job)
            beside = kept.with_suffix(".tmp")
            beside.write_text(made, encoding="utf-8")
            beside.replace(kept)
        run: Run = json.loads(kept.read_text(encoding="utf-8"))
        return run

    def _run(self, written: str, job: dict[str, Any]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "job.json").write_text(written, encoding="utf-8")
            passages = self._vectors.passages([text for _, text in job["passages"]])
            queries = np.stack([self._vectors.encode_query(text) for _, text in job["queries"]])
            np.savez(Path(folder) / "vectors.npz", passages=passages, queries=queries)
            process = self._started()
            assert process.stdin and process.stdout
            process.stdin.write(f"{folder}\n")
            process.stdin.flush()
            while (line := process.stdout.readline()) != "done\n":
                if not line:
                    raise SystemExit(f"{self._name} failed; what it said stands above.")
            return (Path(folder) / "run.json").read_text(encoding="utf-8")

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [str(peer_python()), str(_SCRIPT), self._name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={
                    **os.environ,
                    "HF_HUB_OFFLINE": "1",
                    "PYTHONPATH": "",
                    "TOKENIZERS_PARALLELISM": "false",
                },
            )
        return self._process
