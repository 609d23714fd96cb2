"""Request logs: what they hold, what they leave out, and their bounds."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pretzel
from pretzel.data_plane.telemetry.recording import Recording, Run
from pretzel.data_plane.telemetry.request_log.entry import Entry
from pretzel.data_plane.telemetry.request_log.files import Files
from pretzel.data_plane.telemetry.request_log.json_lines import JsonLines
from pretzel.data_plane.telemetry.request_log.redaction import Redaction
from pretzel.data_plane.telemetry.request_log.rows import rows_of, values_of
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.plan import PlanInput
from pretzel.plan.types import ValueType
from pretzel.plan.values import Csr, Labels, Ragged, Texts
from pretzel.plan.wire import columns_to_proto
from pretzel.v1 import prediction_pb2 as pb
from tests.data_plane.oip.trained import ROWS, TABLE, TEXTS, WINE, estimators
from tests.data_plane.telemetry.conftest import Observed
from tests.e2e.up import until

PLAN = Digest("0" * 64, 10)
OPEN = Redaction((), (), "")


def entry(columns: dict[str, Any], results: dict[str, Any], **types: str) -> Entry:
    rows = len(next(iter(columns.values())))
    inputs = tuple(PlanInput(name, ValueType.parse(kind)) for name, kind in types.items())
    run = Run((ModelVersion("m", 2, PLAN, PLAN),), 0.0, 0.0, 0.0, rows, (), inputs, columns, results)
    recording = Recording("id", False, True, "", 1.0, [run])
    return Entry.of("Predict", "OK", 100.0, 1.5, recording)


def simple(rows: int = 3) -> Entry:
    values = np.arange(float(rows))
    return entry({"age": values}, {"predict": values * 2}, age="f64")


# Through a worker


def logged(observed: Observed, identifier: str, count: int) -> list[dict[str, Any]]:
    """Wait for the rows of a request, and return them."""

    def found() -> list[dict[str, Any]]:
        lines = [line for path in sorted(observed.logs.glob("*.jsonl")) for line in path.read_text().splitlines(True)]
        rows = [json.loads(line) for line in lines if line.endswith("\n")]  # the last one may be half written
        chosen = [row for row in rows if row["request_id"] == identifier]
        return chosen if len(chosen) >= count else []

    return until(found, f"rows of {identifier}")


def test_rows_are_the_columns_and_the_answers_of_the_library(observed: Observed):
    frame = WINE.data.iloc[::20]
    with pretzel.Client(observed.worker.grpc, timeout=30) as client, pretzel.request_id("frame-rows"):
        client.predict("frame", frame)
    rows = logged(observed, "frame-rows", len(frame))
    assert [row["row"] for row in rows] == list(range(len(frame)))
    assert {(row["model"], row["version"], row["status"], row["rows"]) for row in rows} == {
        ("frame", 1, "OK", len(frame))
    }
    assert [row["inputs"] for row in rows] == frame.to_dict("records")
    assert [row["outputs"]["predict"] for row in rows] == estimators()["frame"].predict(frame).tolist()
    assert all(row["seconds"] > 0 and row["method"] == "pretzel.v1.PredictionService/Predict" for row in rows)


def test_columns_are_dropped_or_hashed_by_name(observed: Observed):
    with pretzel.Client(observed.worker.grpc, timeout=30) as client, pretzel.request_id("redacted"):
        client.predict("table", TABLE)
    rows = logged(observed, "redacted", len(TABLE))
    assert all(row["inputs"].keys() == {"size", "kind"} for row in rows)
    hashes = [row["inputs"]["kind"] for row in rows]
    assert len(set(hashes)) == TABLE["kind"].nunique()
    assert [hashes.index(one) for one in hashes] == [TABLE["kind"].tolist().index(kind) for kind in TABLE["kind"]]
    assert not {*hashes} & {*TABLE["kind"]}
    whole = "".join(path.read_text() for path in observed.logs.glob("*"))
    assert not any(text and text in line for line in whole.splitlines() if '"redacted"' in line for text in TEXTS)


def test_each_protocol_and_a_call_for_many_models_is_logged(observed: Observed):
    observed.worker.post("/v1/models/wine:predict", {"rows": ROWS[:2].tolist()}, x_request_id="rest")
    assert [row["inputs"] for row in logged(observed, "rest", 2)] == [
        {str(i): value for i, value in enumerate(row)} for row in ROWS[:2].tolist()
    ]
    columns = columns_to_proto({"X": ROWS[:1]})
    request = pb.PredictManyRequest(models=["wine", "absent"], columns=columns, outputs=["predict"])
    with grpc.insecure_channel(observed.worker.grpc) as channel:
        call = channel.unary_unary("/pretzel.v1.PredictionService/PredictMany")
        call(request.SerializeToString(), timeout=30, metadata=(("x-request-id", "many"),))
    (row,) = logged(observed, "many", 1)
    assert (row["model"], row["outputs"]) == ("wine", {"predict": int(estimators()["wine"].predict(ROWS[:1])[0])})


def test_a_failed_call_is_logged_without_its_values(observed: Observed):
    answer = observed.worker.post("/v1/models/wine:predict", {"rows": [["secret"]]}, x_request_id="failing")
    assert answer.status == 400
    (row,) = logged(observed, "failing", 1)
    assert (row["status"], row["inputs"], row["outputs"], row["row"]) == ("400", None, None, None)


def test_files_are_the_owners_alone(observed: Observed):
    observed.worker.post("/v1/models/wine:predict", {"rows": ROWS[:1].tolist()}, x_request_id="owner")
    logged(observed, "owner", 1)
    assert {stat.S_IMODE(path.stat().st_mode) for path in observed.logs.iterdir()} == {0o600}


# Values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([1, 2, 3]), [1, 2]),
        (np.array([[1.0], [2.0], [3.0]]), [[1.0], [2.0]]),
        (Texts.of(["a", None, "grüße", "d"]), ["a", None]),
        (Texts.of(["a", float("nan"), "", "d"], 2), [["a", None], ["", "d"]]),
        (["a", "b", "c"], ["a", "b"]),
        (Labels(np.array([1, 0, 1]), ["no", "yes"]), ["yes", "no"]),
        (Labels(np.array([1, 0]), np.array([10, 20])), [20, 10]),
        (Csr.of(np.array([[0.0, 5.0], [0.0, 0.0], [7.0, 0.0]])), [{"1": 5.0}, {}]),
        (Ragged.of([["a", "b"], [], ["c"]]), [["a", "b"], []]),
        (Ragged.of([[1.5], [2.5, 3.5]], numbers=True), [[1.5], [2.5, 3.5]]),
    ],
)
def test_values_are_those_of_the_first_rows(value: Any, expected: list[Any]):
    assert values_of(value, 2) == expected


@given(st.lists(st.text() | st.none() | st.floats() | st.integers()), st.text(), st.text())
def test_hashes_are_equal_where_values_are_and_differ_by_key(values: list[Any], key: str, other: str):
    (hashed,) = Redaction((), ("a*",), key).apply({"age": values}).values()
    assert hashed == Redaction((), ("age",), key).apply({"age": values})["age"]
    for value, one in zip(values, hashed, strict=True):
        missing = value is None or value != value
        assert (one is None) == missing
        if not missing:
            assert len(one) == 16
            assert (one == Redaction((), ("*",), other).apply({"age": [value]})["age"][0]) == (key == other)


def test_dropping_is_stronger_than_hashing():
    columns = {"name": ["x"], "note": ["y"], "age": [1]}
    assert Redaction(("n*",), ("*",), "k").apply(columns).keys() == {"age"}
    assert Redaction(("*",), (), "k").apply(columns) == {}


def test_only_the_first_rows_of_a_call_are_kept():
    rows = list(rows_of(simple(10), OPEN, 4))
    assert [(row.row, row.rows, row.inputs) for row in rows] == [(i, 10, {"age": float(i)}) for i in range(4)]


# Files


def written(path: Path, entries: Sequence[Entry], suffix: str = "jsonl", **bounds: int) -> list[Path]:
    """Log entries one by one, each in a write of its own, and return the files."""
    kind = JsonLines
    if suffix == "arrows":
        from pretzel.data_plane.telemetry.request_log.arrow import ArrowStreams as kind
    writer = kind(Files(path, 3, suffix, bounds.get("most_bytes", 1 << 20), bounds.get("most_files", 8)))
    for one in entries:
        writer.write(list(rows_of(one, OPEN, 1000)))
    writer.close()
    return sorted(path.glob(f"*.{suffix}"))


def test_files_are_bounded_in_size_and_number(tmp_path: Path):
    line = len(written(tmp_path / "one", [simple(1)])[0].read_bytes())
    files = written(tmp_path, [simple(1)] * 10, most_bytes=2 * line, most_files=3)
    assert [len(path.read_bytes().splitlines()) for path in files] == [2, 2, 2]
    (tmp_path / "requests-4-1.jsonl").write_text("of another process")
    assert len(written(tmp_path, [simple(1)], most_files=1)) == 2


def test_both_forms_hold_the_same(tmp_path: Path):
    columns = {"age": np.array([1.0, np.nan]), "job": Texts.of(["a", None]), "big": np.array([2**60 + 1, 3])}
    results = {"predict": Labels(np.array([1, 0]), ["no", "yes"]), "predict_proba": np.array([[0.25, 0.75], [1, 0]])}
    one = entry(columns, results, age="f64", job="str", big="i64")
    (lines,), (stream,) = written(tmp_path, [one]), written(tmp_path, [one], "arrows")
    table = pa.ipc.open_stream(stream).read_all().to_pylist()
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert rows[0]["inputs"] == {"age": 1.0, "job": "a", "big": 2**60 + 1}
    assert rows[1]["inputs"] == {"age": None, "job": None, "big": 3}
    for row in rows:
        flat = {f"predict_proba[{i}]": value for i, value in enumerate(row["outputs"].pop("predict_proba"))}
        values = {("input", name): value for name, value in row["inputs"].items()}
        values |= {("output", name): value for name, value in (row["outputs"] | flat).items()}
        found = {}
        for record in table:
            if record["row"] == row["row"]:
                text, number = record["text"], record["number"]
                is_integer = number is not None and text is not None
                value = int(text) if is_integer else number if text is None else text
                found[record["side"], record["name"]] = None if value != value else value
        assert found == values


def test_a_killed_writer_leaves_readable_files(tmp_path: Path):
    from pretzel.data_plane.telemetry.request_log.arrow import ArrowStreams

    writer = ArrowStreams(Files(tmp_path, 0, "arrows", 1 << 20, 2))
    writer.write(list(rows_of(simple(2), OPEN, 10)))
    (path,) = tmp_path.iterdir()  # not closed
    assert pa.ipc.open_stream(path).read_next_batch().num_rows == 4
    writer.close()
