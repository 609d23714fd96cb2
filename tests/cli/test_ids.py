"""`pretzel predict --id`: columns that are copied to the output, in every format, and its errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROWS = [("x-1", 1.0, 2.0, "007"), ("é,2", -3.0, 0.5, ""), ("x-1", 0.25, 0.5, "NA")]


def written(folder: Path, format: str) -> Path:
    path = folder / f"rows.{format}"
    names = ("id", "a", "b", "code")
    if format == "parquet":
        pq.write_table(pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in ROWS]), path)
    elif format == "jsonl":
        path.write_text("".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in ROWS))
    else:
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter="\t" if format == "tsv" else ",").writerows([names, *ROWS])
    return path


@pytest.mark.parametrize("format", ["csv", "tsv", "jsonl", "parquet"])
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_ids_come_before_the_answers(run, worker, tmp_path: Path, format: str, batch: int):
    ran = run("predict", "m", written(tmp_path, format), "--id", "id", "--id", "code", "--batch", batch)
    assert (ran.code, ran.err) == (0, "")
    rows = list(csv.DictReader(ran.out.splitlines()))
    assert [(row["id"], row["code"]) for row in rows] == [(row[0], row[3]) for row in ROWS]
    assert list(rows[0]) == ["id", "code", "predict"]
    assert [row["predict"] for row in rows] == ["yes" if row[1] + row[2] > 0 else "no" for row in ROWS]


def test_ids_in_json_and_with_several_answers(run, worker, tmp_path: Path):
    ran = run("predict", "m", written(tmp_path, "csv"), "--id", "id", "--column", "a", "--column", "b", "--json")
    assert [json.loads(line) for line in ran.out.splitlines()][1] == {"id": "é,2", "predict": "no"}
    ran = run("predict", "m", written(tmp_path, "csv"), "--id", "code", "--id", "id", "--method", "predict_proba")
    assert ran.out.splitlines()[0] == "code,id,predict_proba_no,predict_proba_yes"


def test_an_id_may_also_be_read_by_the_model(run, worker, tmp_path: Path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    ran = run("predict", "m", tmp_path / "x.csv", "--id", "a", "--column", "a", "--column", "b")
    assert ran.out == "a,predict\n1,yes\n"


@pytest.mark.parametrize(
    ("content", "name", "options", "problem"),
    [
        ("id,a,b\nx,1,2\n", "x.csv", ("--id", "no"), "--id: column 'no' does not exist"),
        ("7,1,2\n", "x.csv", ("--id", "1", "--no-header"), "--id '1': the columns of the file have no names"),
        (
            "id,id,a,b\nx,y,1,2\n",
            "x.csv",
            ("--id", "id", "--column", "a", "--column", "b"),
            "the header has column 'id' twice (cells 1, 2)",
        ),
        ("predict,a,b\nx,1,2\n", "x.csv", ("--id", "predict"), "--id 'predict': the answers have a column of this"),
        ('{"a": 1, "b": 2}\n', "x.jsonl", ("--id", "id"), "line 1: it has no 'id', named by --id"),
        ("[1, 2]\n", "x.jsonl", ("--id", "id"), "line 1: it has no 'id', named by --id"),
    ],
)
def test_ids_that_are_refused(run, worker, tmp_path: Path, content: str, name: str, options: Any, problem: str):
    (tmp_path / name).write_text(content)
    ran = run("predict", "m", tmp_path / name, *options, "--out", tmp_path / "out.csv")
    assert (ran.code, problem in ran.err) == (3, True), ran.err
    assert not (tmp_path / "out.csv").exists()
