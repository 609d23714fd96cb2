"""Rows from files of every format, and models from files of every kind."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
import skops.io
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pretzel.adapters.inputs import columns_of
from pretzel.cli.files import read, read_sample
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import of_model
from pretzel.errors import InputError, UnsupportedError
from pretzel.plan import bundle
from tests.cli.test_predict import described

ROWS = [{"âge": 31, "ville": "Zürich"}, {"âge": None, "ville": None}, {"âge": 7, "ville": ""}]
FRAME = described("frame", {"âge": "f64", "ville": "str"}, feature_names=["âge", "ville"])
TEXTS = described("texts", {"X": "str"})
LISTS = described("lists", {"X": "str[*]"})
MATRIX = described("matrix", {"X": "f64[2]"})
RECORDS = described("records", {"X.names": "str[*]", "X.values": "f64[*]"}, records={"X": {"loose": True}})


def columns(path: Path | None, description: Any, count: int = 100) -> list[dict[str, Any]]:
    """Return the columns that a client sends for the rows of a file."""
    metadata = description.version.metadata
    batches = read(path, of_model(description), Reading(), count)
    return [columns_of(batch.X, description.inputs, metadata) for batch in batches]


def lines(path: Path, *documents: Any) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


@pytest.fixture(params=["jsonl", "parquet"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"rows.{request.param}"
    if request.param == "jsonl":
        return lines(path, *ROWS)
    pyarrow.parquet.write_table(pa.Table.from_pylist(ROWS), path)
    return path


def test_a_table_in_batches(table: Path) -> None:
    first, second = columns(table, FRAME, count=2)
    assert first["âge"][0] == 31 and np.isnan(first["âge"][1])
    assert repr(first["ville"].tolist()) == repr(["Zürich", float("nan")])
    assert (second["âge"].tolist(), second["ville"].tolist()) == ([7.0], [""])


def test_rows_of_named_values(tmp_path: Path) -> None:
    (batch,) = columns(lines(tmp_path / "x.ndjson", {"a": 1.5, "b": "c"}, {}, {"d": None}), RECORDS)
    assert batch["X.names"].tolist() == [["a", "b=c"], [], ["d"]]
    assert repr(batch["X.values"].tolist()) == "[[1.5, 1.0], [], [nan]]"


def test_null_in_parquet_means_absent(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"a": [1.5, None], "b": ["c", None]}), tmp_path / "x.parquet")
    (batch,) = columns(tmp_path / "x.parquet", RECORDS)
    assert batch["X.names"].tolist() == [["a", "b=c"], []]


@pytest.mark.parametrize(
    ("description", "values", "want"),
    [
        (TEXTS, ["a b", "", "𝔘"], ["a b", "", "𝔘"]),
        (LISTS, [["a", "b"], [], ["c"]], [["a", "b"], [], ["c"]]),
    ],
)
def test_one_column(tmp_path: Path, description: Any, values: list[Any], want: list[Any]) -> None:
    pyarrow.parquet.write_table(pa.table({"anything": values}), tmp_path / "x.pq")
    for path in (lines(tmp_path / "x.jsonl", *values), tmp_path / "x.pq"):
        (batch,) = columns(path, description)
        assert batch["X"].tolist() == want


def test_a_matrix(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"a": [1, None], "b": [2.5, 3.0]}), tmp_path / "x.parquet")
    for path in (lines(tmp_path / "x.jsonl", [1, 2.5], [None, 3.0]), tmp_path / "x.parquet"):
        (batch,) = columns(path, MATRIX)
        np.testing.assert_array_equal(batch["X"], [[1, 2.5], [np.nan, 3]])


def test_predictions_of_json_lines(run, worker, tmp_path: Path) -> None:
    path = lines(tmp_path / "x.jsonl", [1, 2], [-3, 0.5])
    assert run("predict", "m", path).out == "predict\nyes\nno\n"


def test_json_from_standard_input(run, worker, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("[1, 2]\n\n[-3, 0.5]\n"))
    assert run("predict", "m", "--format", "jsonl").out == "predict\nyes\nno\n"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.jsonl", "[1, 2]\n[1,\n", "line 2: not JSON"),
        ("x.jsonl", "[" * 100_000, "line 1: not JSON"),
        ("x.parquet", "no parquet", "x.parquet: it cannot be read as parquet"),
    ],
)
def test_files_that_do_not_match_their_extension(tmp_path: Path, name: str, content: str, problem: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=problem):
        columns(tmp_path / name, MATRIX)


def test_files_in_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("ü,b\n1,2\n".encode("latin-1"))
    for read_it in (lambda path: columns(path, MATRIX), lambda path: read_sample(path, LogisticRegression())):
        with pytest.raises(InputError, match="x.csv: it is not UTF-8"):
            read_it(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("x.csv", "", "the sample has no rows"),
        ("x.csv", 'a,b\n1,"2\n', "line 2: a quote is never closed"),
        ("x.csv", "a,b\n1,2,3\n", "line 2: expected 2 cells, got 3"),
        ("x.jsonl", "{", "line 1: not JSON"),
        ("x.parquet", "no parquet", "it cannot be read as parquet"),
    ],
)
def test_malformed_samples(tmp_path: Path, name: str, content: str, problem: str) -> None:
    framed = LogisticRegression().fit(pd.DataFrame({"a": [1.0, 2.0], "b": [0.5, -1.0]}), [0, 1])
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=f"{name}: {problem}"):
        read_sample(tmp_path / name, framed)


def test_texts_in_several_columns_are_rejected(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"a": ["x"], "b": ["y"]}), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="the model takes one column, and the file has 2: 'a', 'b'"):
        columns(tmp_path / "x.parquet", TEXTS)


def test_parquet_from_standard_input(tmp_path: Path, monkeypatch) -> None:
    pyarrow.parquet.write_table(pa.table({"a": [1, None], "b": [2.5, 3.0]}), tmp_path / "x.parquet")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((tmp_path / "x.parquet").read_bytes())))
    (batch,) = columns(None, MATRIX)
    np.testing.assert_array_equal(batch["X"], [[1, 2.5], [np.nan, 3]])


def test_parquet_without_its_library(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UnsupportedError, match="x.parquet: reading it needs pyarrow; pip install pyarrow"):
        columns(tmp_path / "x.parquet", MATRIX)


def test_samples_in_every_format(tmp_path: Path) -> None:
    values = pd.DataFrame({"b": [1.0, 2.0], "a": [0.5, -1.0], "c": [0.0, 0.0]})
    values.to_parquet(tmp_path / "x.parquet")
    values.to_json(tmp_path / "x.jsonl", orient="records", lines=True)
    values.to_csv(tmp_path / "x.csv", index=False)
    framed = LogisticRegression().fit(values[["a", "b"]], [0, 1])
    plain = LogisticRegression().fit(values.to_numpy(), [0, 1])
    for name in ("x.parquet", "x.jsonl", "x.csv"):
        pd.testing.assert_frame_equal(read_sample(tmp_path / name, framed).astype(float), values[["a", "b"]])
    lines(tmp_path / "x.jsonl", *values.to_numpy().tolist())
    for name in ("x.parquet", "x.jsonl", "x.csv"):
        np.testing.assert_array_equal(read_sample(tmp_path / name, plain), values)


def test_a_sample_of_dictionaries(run, control, tmp_path: Path) -> None:
    records = [{"a": 1, "b": "c"}, {"a": 2.5}, {"b": "d"}]
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(records, [0, 1, 1])
    joblib.dump(model, tmp_path / "m.joblib")
    sample = lines(tmp_path / "x.jsonl", *records)
    ran = run("deploy", "m", tmp_path / "m.joblib", "--sample", sample)
    assert ran.code == 0, ran.err
    (deployed,) = (request for request in control.requests if hasattr(request, "sample"))
    assert [column.type for column in deployed.sample.inputs] == ["str[*]", "f64[*]"]


def test_skops_files_need_trusted_types(run, control, tmp_path: Path) -> None:
    model = make_pipeline(FunctionTransformer(np.log1p), LogisticRegression()).fit([[1.0], [3.0]], [0, 1])
    path = tmp_path / "m.skops"
    skops.io.dump(model, path)
    unknown = skops.io.get_untrusted_types(file=path)
    for command in (["export", path], ["deploy", "m", path]):
        refused = run(*command)
        assert bool(unknown) == (refused.code != 0)
        if unknown:
            assert f"types that are not trusted: {', '.join(sorted(unknown))}; allow each with --trust" in refused.err
        allowed = [part for kind in unknown for part in ("--trust", kind)]
        assert run(*command, *allowed).code == 0
    assert "predict_proba" in bundle.load(path.with_suffix(".pretzel")).outputs


def test_joblib_files_are_exported_with_a_warning(run, tmp_path: Path) -> None:
    joblib.dump(LogisticRegression().fit([[1.0], [3.0]], [0, 1]), tmp_path / "m.joblib")
    ran = run("export", tmp_path / "m.joblib")
    assert ran.code == 0 and "is opened as a pickle, which runs code in it" in ran.err
    assert "predict" in bundle.load(tmp_path / "m.pretzel").outputs


@pytest.mark.parametrize(
    ("module", "message", "remedy"),
    [
        (
            "features",
            "No module named 'features'",
            "refers to the module 'features': install it here, or name its folder",
        ),
        ("__main__", "has no attribute 'clean'", "of the script that wrote it: move that to a module"),
        ("joblib", "module 'joblib' has no attribute 'clean'", "save the model with joblib, pickle, skops"),
    ],
)
def test_pickles_that_refer_to_code_elsewhere(run, tmp_path: Path, module: str, message: str, remedy: str) -> None:
    (tmp_path / "m.pkl").write_bytes(f"c{module}\nclean\n.".encode())
    ran = run("check", tmp_path / "m.pkl")
    assert ran.code == 3 and message in ran.err and remedy in " ".join(ran.err.split())
