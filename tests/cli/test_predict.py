"""`pretzel predict`: every format, with and without headers, missing values, any number of rows."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pretzel.cli.answers import Writer
from pretzel.cli.tables.delimited import batches
from pretzel.cli.tables.lines import documents
from pretzel.cli.tables.reading import Reading
from pretzel.cli.tables.reads import of_model
from pretzel.errors import InputError
from pretzel.plan.digest import Digest
from pretzel.plan.model import InputDescription, ModelDescription, ModelVersion
from pretzel.plan.types import ValueType

PLAN = Digest("0" * 64, 1)


def described(style: str, inputs: dict[str, str], **metadata) -> ModelDescription:
    version = ModelVersion("m", 1, PLAN, PLAN, metadata={"input_style": style} | metadata)
    return ModelDescription(version, tuple(InputDescription(n, ValueType.parse(k)) for n, k in inputs.items()), ())


def read(text: str, delimiter: str | None, description: ModelDescription, count: int = 100, **reading) -> list:
    file, reads, options = io.StringIO(text, newline=""), of_model(description), Reading(**reading)
    if delimiter is None:
        return [batch.X for batch in documents(file, reads, options, "x", count)]
    return [batch.X for batch in batches(file, delimiter, reads, options, "x", count)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a,b\n1,2\n-3,0.5\n", "x.csv"),
        ("1.5,1.5\n-3,0.5\n", "x.csv"),
        ("1.5\t1.5\n-3\t0.5", "x.tsv"),
        ("1.5,1.5\r\n-3,0.5\r\n", "x"),
        ("\ufeff1.5,1.5\n-3,0.5\n", "marked.csv"),
    ],
)
def test_a_file_of_numbers(run, worker, tmp_path: Path, content: str, name: str):
    (tmp_path / name).write_text(content)
    out = tmp_path / "out.csv"
    ran = run("predict", "m", tmp_path / name, "--out", out, "--method", "predict_proba")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    rows = list(csv.DictReader(out.open()))
    assert [list(row) for row in rows] == [["predict_proba_no", "predict_proba_yes"]] * 2
    assert [float(row["predict_proba_yes"]) for row in rows] == [3.0, -2.5]


def test_input_and_existing_files_are_not_overwritten_by_mistake(run, worker, tmp_path: Path):
    rows = tmp_path / "x.csv"
    rows.write_text("1.5,2\n")
    ran = run("predict", "m", rows, "--out", rows)
    assert (ran.code, "the output would overwrite the input" in ran.err, rows.read_text()) == (3, True, "1.5,2\n")
    assert run("predict", "nope", tmp_path / "x.csv", "--out", tmp_path / "kept.csv").code == 4
    assert not (tmp_path / "kept.csv").exists()


def test_truth_values_are_numbers(run, worker, tmp_path: Path):
    (tmp_path / "x.csv").write_text("size,age\nTrue,2\nfalse,0.5\n")
    ran = run("predict", "m", tmp_path / "x.csv", "--method", "decision_function")
    assert ran.out == "decision_function\n3.0\n0.5\n"


def test_standard_input_and_output(run, worker, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("1.5,2\n-3,0.5\n"))
    assert run("predict", "m").out == "predict\nyes\nno\n"


def test_json_lines(run, worker, tmp_path: Path):
    (tmp_path / "x.csv").write_text("1.,2\n,0.5\n")
    lines = run("predict", "m", tmp_path / "x.csv", "--method", "decision_function", "--json").out.splitlines()
    assert [json.loads(line) for line in lines] == [{"decision_function": 3.0}, {"decision_function": "nan"}]


def test_batches_make_one_output(run, worker, tmp_path: Path):
    (tmp_path / "x.csv").write_text("".join(f"{i}.0,1\n" for i in range(105)))
    ran = run("predict", "m", tmp_path / "x.csv", "--batch", "10", "--method", "decision_function")
    assert [float(line) for line in ran.out.splitlines()[1:]] == [i + 1.0 for i in range(105)]
    assert len(worker.sizes) == 11


def test_sparse_answers_are_written_dense(run, worker, tmp_path: Path):
    (tmp_path / "x.csv").write_text("1.0,2\n")
    ran = run("predict", "m", tmp_path / "x.csv", "--method", "transform")
    assert ran.out == "transform_0,transform_1,transform_2,transform_3\n1.0,2.0,0.0,0.0\n"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("1.5,2\n3\n", "line 2: expected 2 cells, got 1"),
        ("1.5,2\nx,3\n", "line 2, column '1': expected a number, got 'x'"),
        ("size,age\n\n1,old\n", "line 3, column 'age': expected a number, got 'old'"),
        ("", "expected rows, got none"),
        ("a,b\n", "expected rows, got none"),
        ("1\n", "takes 2 columns, and the file has 1: '1'"),
        ("1,2\n3,4\n", "line 1 may name the columns, or be a row: '1', '2'"),
    ],
)
def test_files_that_do_not_fit(run, worker, tmp_path: Path, content: str, problem: str):
    (tmp_path / "x.csv").write_text(content)
    ran = run("predict", "m", tmp_path / "x.csv")
    assert ran.code == 3
    assert problem in ran.err


def test_lines_of_text_and_cells_of_text():
    texts = described("texts", {"X": "str"})
    assert read("one, two\n\nthree", None, texts) == [["one, two", "", "three"]]
    assert read("one\r\n\r\ntwo\r\n", None, texts) == [["one", "", "two"]]
    assert read("None\nnull\n", None, texts) == [["None", "null"]]
    assert read('review\n"one, two"\nthree\n', ",", texts) == [["one, two", "three"]]
    with pytest.raises(InputError, match="the file has 2: 'a', 'b'"):
        read("a,b\nc,d\n", ",", texts)


def test_blank_lines_are_skipped_or_rejected_if_ambiguous():
    texts, numbers = described("texts", {"X": "str"}), described("matrix", {"X": "f64"})
    assert read("\nreview\nfine\n\n", ",", texts) == [["fine"]]
    for content, line, model in (("review\nfine\n\nbad\n", 3, texts), ("1.5\n\n2\n", 2, numbers)):
        with pytest.raises(InputError, match=f"line {line} is blank"):
            read(content, ",", model)
    (answered,) = read('1.5\n""\n', ",", numbers)
    assert answered[0] == 1.5 and answered[1] != answered[1]


def test_a_frame_by_header_and_by_position():
    frame = described("frame", {"age": "f64", "job": "str"}, feature_names=["age", "skipped", "job"])
    (by_name,) = read("job,age,other\nx,1,z\n,,z\n", ",", frame)
    assert by_name["job"][0] == "x" and by_name["job"][1] != by_name["job"][1]
    assert by_name["age"][0] == 1.0 and by_name["age"][1] != by_name["age"][1]
    (by_position,) = read("1.5,0,x\n", ",", frame)
    assert (by_position["age"].tolist(), by_position["job"]) == ([1.5], ["x"])
    (without_header,) = read("1,0,x\n", ",", frame, header=False)
    assert (without_header["age"].tolist(), without_header["job"]) == ([1], ["x"])
    with pytest.raises(InputError, match="2 columns and no header; the model takes 3"):
        read("1,x\n", ",", frame, header=False)


def test_long_documents():
    texts = described("texts", {"X": "str"})
    assert read("review\n" + "x" * 200_000 + "\n", ",", texts) == [["x" * 200_000]]


def test_batches_have_the_given_size():
    (first, second) = read("1.5,2\n3,4\n5,6\n", ",", described("matrix", {"X": "f64[2]"}), count=2)
    assert (first.shape, second.shape) == ((2, 2), (1, 2))


def test_one_value_per_row_and_texts_in_a_matrix():
    (numbers,) = read("1.5\n2\n", ",", described("matrix", {"X": "f64"}))
    assert numbers.tolist() == [1.5, 2.0]
    matrix = described("matrix", {"X": "str[2]"})
    (texts,) = read("c,01\n", ",", matrix, header=False)
    assert texts.tolist() == [["c", "01"]]


def test_writer_quotes_cells():
    out = io.StringIO()
    Writer(out, "predict", None, as_json=False).write(['a "b", c', "line\nbreak"])
    assert list(csv.reader(io.StringIO(out.getvalue()))) == [["predict"], ['a "b", c'], ["line\nbreak"]]


def test_writer_concatenates_the_matrices_of_several_targets():
    out = io.StringIO()
    Writer(out, "predict_proba", None, as_json=False).write([np.eye(2), np.full((2, 3), 0.5)])
    header, first, _ = csv.reader(io.StringIO(out.getvalue()))
    assert header == [*(f"predict_proba[0]_{j}" for j in range(2)), *(f"predict_proba[1]_{j}" for j in range(3))]
    assert first == ["1.0", "0.0", "0.5", "0.5", "0.5"]


def test_columns_by_position_ignore_a_header() -> None:
    description = described("positions", {"0": "str", "2": "f64"}, columns=3)
    for text in ("a,?,1.5\n", "x,y,z\na,?,1.5\n"):
        (table,) = read(text, ",", description)
        assert {name: list(column) for name, column in table.items()} == {"0": ["a"], "1": ["?"], "2": [1.5]}
    with pytest.raises(InputError, match="line 1 may name the columns, or be a row"):
        read("a,b\nc,d\n", ",", described("positions", {"0": "str", "1": "str"}, columns=2))


def test_integers_for_a_model_of_integers() -> None:
    (table,) = read("a\n3\n4\n", ",", described("frame", {"a": "i64"}))
    assert table["a"].dtype == np.int64
    (array,) = read("3,4\n", ",", described("matrix", {"X": "i32[2]"}), header=False)
    assert array.dtype == np.int32
    (table,) = read("a\n3.5\n", ",", described("frame", {"a": "i64"}))
    assert table["a"].tolist() == [3.5], "the client rejects it"


def test_writer_names_the_columns_of_a_table() -> None:
    days, whole = pd.to_datetime(["2024-02-29", None]), pd.array([None, 3], "Int64")
    table = pd.DataFrame({"d": days, "n": whole, "t": ["a", None]})
    out = io.StringIO()
    Writer(out, "transform", None, as_json=False).write(table, {"id": ["x", "y"]})
    assert out.getvalue() == "id,d,n,t\nx,2024-02-29T00:00:00,,a\ny,,3,\n"
    out = io.StringIO()
    Writer(out, "transform", None, as_json=True).write(table["d"].rename(None))
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {"transform": "2024-02-29T00:00:00"},
        {"transform": None},
    ]
