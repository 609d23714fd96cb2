"""`pretzel check`: one run names every unsupported step, without a server."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.impute import KNNImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

X = np.round(np.random.default_rng(0).normal(size=(40, 2)), 1)
Y = X[:, 0] > 0


@pytest.fixture
def refused(tmp_path: Path) -> Path:
    steps = FunctionTransformer(np.flip), StandardScaler(), FunctionTransformer(np.roll, kw_args={"shift": 1})
    path = tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps(make_pipeline(*steps, LogisticRegression()).fit(X, Y)))
    return path


@pytest.fixture
def served(tmp_path: Path) -> Path:
    path = tmp_path / "s.pkl"
    path.write_bytes(pickle.dumps(make_pipeline(KNNImputer(), LogisticRegression()).fit(X, Y)))
    return path


def test_every_unsupported_step_has_a_remedy(run, refused: Path) -> None:
    ran = run("check", refused)
    assert ran.code == 7
    head, *lines = ran.out.splitlines()
    assert head == "sklearn.pipeline.Pipeline cannot be served: 2 steps are refused"
    assert [line.split(":")[1] for line in lines] == [
        " pipeline.functiontransformer-1",
        " pipeline.functiontransformer-2",
    ]
    assert lines[0].startswith(
        "  refused: pipeline.functiontransformer-1: sklearn.preprocessing.FunctionTransformer(func="
    )
    assert "serve pipeline[1:] alone" in lines[0] and "error" not in ran.err


def test_json_output(run, refused: Path, served: Path) -> None:
    ran = run("check", refused, "--json")
    assert (ran.code, ran.json["ok"], len(ran.json["refusals"])) == (7, False, 2)
    assert ran.json["refusals"][0].keys() == {"step", "class", "option", "reason", "remedy"}
    ran = run("check", served, "--json")
    assert (ran.code, ran.json["ok"], ran.json["inputs"]) == (0, True, {"X": "f64[2]"})
    assert ran.json["notes"][0]["class"] == "sklearn.impute.KNNImputer"
    assert "predict_proba" in ran.json["methods"]


def test_a_supported_model_and_its_notes(run, served: Path) -> None:
    ran = run("check", served)
    assert ran.code == 0
    assert "sklearn.pipeline.Pipeline can be served" in ran.out and "inputs: X (f64[2])" in ran.out
    assert "note: pipeline.knnimputer: answers of sklearn.impute.KNNImputer may differ" in ran.out
    assert "Warning" not in ran.err


def test_a_saved_definition_and_a_sample(run, served: Path, tmp_path: Path) -> None:
    assert run("export", served, "--out", tmp_path / "s.pretzel").code == 0
    assert run("check", tmp_path / "s.pretzel").out == run("check", served).out
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    assert run("check", served, "--sample", tmp_path / "rows.csv").code == 0


@pytest.mark.parametrize("command", ["check", "export"])
@pytest.mark.parametrize("name", ["t.csv", "t.TSV", "v1.2.csv.gz", "t.parquet", "t.json", "t.jsonl"])
def test_a_table_instead_of_a_model(run, tmp_path: Path, command: str, name: str) -> None:
    (tmp_path / name).write_bytes(b'[{"a": 1}]')
    ran = run(command, tmp_path / name)
    assert ran.code == 3 and "pickle" not in ran.err
    assert f"{name}: this is a table of rows, not a model file" in ran.err
    assert "check, deploy and export take a model file; check and deploy take rows as --sample" in ran.err


def test_a_file_without_a_model(run, tmp_path: Path) -> None:
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({}))
    assert run("check", tmp_path / "x.pkl").code == 7
    (tmp_path / "y.pkl").write_bytes(b"torn")
    assert run("check", tmp_path / "y.pkl").code == 3
    assert run("check", tmp_path / "none.pkl").code == 2
