"""TREC's files are read as other tools write them; a wrong line is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from everask.errors import UsageError
from everask.evaluate.trec import read_judgements, read_queries, read_run, write_run


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    run = {"q 1": {"a b": 0.5, "c": 2.0}, "q2": {"c": 1.0}}
    write_run(run, tmp_path / "run.trec")
    lines = (tmp_path / "run.trec").read_text("utf-8").splitlines()
    assert lines[0] == "q%201 Q0 c 1 2.000000 everask"
    assert read_run(tmp_path / "run.trec") == {"q%201": {"a%20b": 0.5, "c": 2.0}, "q2": {"c": 1.0}}


def test_other_tools_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "qrels").write_bytes("\ufeff1 0 d1 2\r\n1\t0\td2\t0\r\n\r\n2 Q0 d1 -1\n".encode())
    assert read_judgements(tmp_path / "qrels") == {"1": {"d1": 2, "d2": 0}, "2": {"d1": -1}}
    (tmp_path / "queries").write_text('{"id": 7, "text": "was\u2028ist", "more": 1}\n', "utf-8")
    assert read_queries(tmp_path / "queries") == {"7": "was\u2028ist"}


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_run, "1 Q0 d 1 0.5 tag\n1 Q0 d 1 0.5\n", "line 2: 5 columns, not 6"),
        (read_run, "1 Q0 d 1 high tag\n", "line 1: the score high"),
        (read_run, "1 Q0 d 1 nan tag\n", "line 1: the score nan"),
        (read_run, "1 Q0 d 1 2 tag\n\n1 Q0 d 2 1 tag\n", "line 3: d twice for query 1"),
        (read_run, "", "holds no run"),
        (read_judgements, "1 0 d 1\n1 d 1\n", "line 2: 3 columns, not 4"),
        (read_judgements, "1 0 d good\n", "line 1: the grade good"),
        (read_judgements, "1 0 d 0.5\n", "line 1: the grade 0.5"),
        (read_judgements, "1 0 d 1\n1 0 d 2\n", "line 2: d twice"),
        (read_judgements, "1 0 d 0\n", "judges nothing to be right"),
        (read_queries, '{"id": 1, "text": "a"}\n{"id": 2}\n', 'line 2: not {"id"'),
        (read_queries, '{"id": 1, "text": "a"}\n[1]\n', 'line 2: not {"id"'),
        (read_queries, '{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}\n', "line 2: query 1 a second time"),
    ],
)
def test_a_wrong_line_is_named(read: Callable[[Path], Any], text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "file.txt"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError) as error:
        read(file)
    assert said in error.value.message and str(file) in error.value.message and error.value.hint


def test_a_file_that_is_no_text_or_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    for name in ("binary", "absent"):
        with pytest.raises(UsageError, match=name):
            read_run(tmp_path / name)
