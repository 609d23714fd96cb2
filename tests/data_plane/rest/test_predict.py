"""Rows as JSON records, and predictions as JSON records."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.data_plane.oip.trained import ROWS, TABLE, TEXTS, WINE, estimators
from tests.data_plane.rest.served import Worker

PREDICT = "/v1/models/{}:predict"
RECORDS: list[dict[str, Any]] = TABLE.to_dict("records")


def records(worker: Worker, model: str, body: Any, path: str = PREDICT) -> list[Any]:
    answer = worker.post(path.format(model), body)
    assert answer.status == 200, answer.body
    assert (answer.json["model"], answer.json["version"]) == (model, "1")
    return list(answer.json["predictions"])


@pytest.mark.parametrize("key", ["rows", "instances"])
def test_a_table(worker: Worker, key: str):
    model = estimators()["table"]
    found = records(worker, "table", {key: RECORDS})
    assert [record["predict"] for record in found] == model.predict(TABLE).tolist()
    for record, want in zip(found, model.predict_proba(TABLE), strict=True):
        assert list(record["predict_proba"]) == ["False", "True"]
        np.testing.assert_allclose(list(record["predict_proba"].values()), want, rtol=1e-6)


def test_columns_in_any_order_and_further_ones(worker: Worker):
    turned = [dict(reversed([*row.items(), ("id", i)])) for i, row in enumerate(RECORDS)]
    assert records(worker, "table", {"rows": turned}) == records(worker, "table", {"rows": RECORDS})


def test_a_model_of_named_numbers(worker: Worker):
    rows = WINE.data.iloc[::20].to_dict("records")
    want = estimators()["frame"].predict(WINE.data.iloc[::20]).tolist()
    assert [record["predict"] for record in records(worker, "frame", {"rows": rows})] == want
    shuffled = [dict(sorted(row.items())) for row in rows]
    assert [record["predict"] for record in records(worker, "frame", {"rows": shuffled})] == want


def test_whole_numbers_are_floats(worker: Worker):
    whole = [{**row, "size": int(row["size"])} for row in RECORDS]
    floats = [{**row, "size": float(int(row["size"]))} for row in RECORDS]
    assert records(worker, "table", {"rows": whole}) == records(worker, "table", {"rows": floats})


def test_arrays_and_texts(worker: Worker):
    want = estimators()["wine"].predict(ROWS).tolist()
    assert [record["predict"] for record in records(worker, "wine", {"rows": ROWS.tolist()})] == want
    positions = [{str(i): value for i, value in enumerate(row)} for row in ROWS.tolist()]
    assert [record["predict"] for record in records(worker, "wine", {"rows": positions})] == want
    want = estimators()["text"].predict(TEXTS).tolist()
    for rows in (TEXTS, [[text] for text in TEXTS], [{"X": text} for text in TEXTS]):
        assert [record["predict"] for record in records(worker, "text", {"rows": rows})] == want


def test_requested_outputs(worker: Worker):
    body = {"rows": ROWS[:2].tolist(), "outputs": ["decision_function"]}
    (first, _) = records(worker, "wine", body)
    want = estimators()["wine"].decision_function(ROWS[:1])[0]
    np.testing.assert_allclose(list(first["decision_function"].values()), want, rtol=1e-6)
    body["outputs"] = ["contributions"]
    first, _ = records(worker, "wine", body)
    assert list(first) == ["contributions[0]", "contributions[1]", "contributions[2]"]
    assert math.isclose(sum(first["contributions[1]"]), want[1], rel_tol=1e-6)


def test_transformers(worker: Worker):
    found = records(worker, "terms", {"rows": TEXTS})
    want = estimators()["terms"].transform(TEXTS).toarray()
    np.testing.assert_allclose([record["transform"] for record in found], want, rtol=1e-6)


def test_versions(worker: Worker):
    path = "/v1/models/{}/versions/1:predict"
    assert len(records(worker, "text", {"rows": TEXTS}, path)) == len(TEXTS)
    assert worker.post("/v1/models/text:first:predict", {"rows": TEXTS}).json["version"] == "1"
    assert worker.post("/v1/models/text/versions/9:predict", {"rows": TEXTS}).status == 404


def test_many_rows(worker: Worker):
    found = records(worker, "table", {"rows": RECORDS * 1000})
    assert [record["predict"] for record in found] == estimators()["table"].predict(TABLE).tolist() * 1000


def test_a_description(worker: Worker):
    found = worker.get("/v1/models/table").json
    assert (found["name"], found["ready"], found["version"]) == ("table", True, "1")
    assert [column["name"] for column in found["columns"]] == ["size", "kind", "note"]
    assert found["labels"]["predict_proba"] == ["False", "True"] and found["aliases"] == {"stable": "1", "first": "1"}
    assert worker.get("/v1/models/nothing").status == 404


def rows(*rows: Any) -> dict[str, Any]:
    return {"rows": list(rows)}


NAMED = {"size": 1.0, "kind": "u", "note": "aa"}
REJECTED = {
    "no JSON": ("table", b"rows", "body: not JSON"),
    "no rows": ("table", {}, "body: expected either `rows` or `instances`"),
    "both": ("table", {"rows": [], "instances": []}, "body: expected either `rows` or `instances`"),
    "a field": ("table", {"rows": [], "output": []}, "body: unknown field 'output'; expected rows, instances, outputs"),
    "an object": ("table", {"rows": {}}, "rows: expected an array with one item per row, got an object"),
    "empty": ("table", {"rows": []}, "found 0 samples"),
    "mixed": ("table", rows(NAMED, [1]), "rows: some are objects and others are not"),
    "a missing column": (
        "table",
        rows({"size": 1, "kind": "u"}),
        "column 'note' is missing; the table has 'size', 'kind'",
    ),
    "a missing key": (
        "table",
        rows(NAMED, {"size": 1, "kind": "u"}),
        "row 1: column 'note' is in some rows, but not in",
    ),
    "a text": ("table", rows({**NAMED, "size": "1"}), "column 'size': "),
    "a number": ("table", rows({**NAMED, "note": 1}), "column 'note': row 0: expected text, got int '1'"),
    "nested": ("table", rows({**NAMED, "size": {}}), "column 'size': "),
    "a list": ("table", rows(NAMED, {**NAMED, "size": [2.0]}), "column 'size', row 1: expected one value, got a list"),
    "a list alone": ("table", rows({**NAMED, "size": [2.0]}), "column 'size', row 0: expected one value, got a list"),
    "a missing number": ("table", rows({**NAMED, "size": None}), "Input X contains NaN: row 0, column 0"),
    "another width": ("wine", rows([1.0, 2.0]), "expected 13 features per row, got 2"),
    "names": (
        "wine",
        rows({"a": 1}),
        "model 'wine' was trained on an array, whose columns have no names: send each row as",
    ),
    "ragged": ("wine", rows([1.0] * 13, [1.0]), ""),
    "an output": (
        "wine",
        {"rows": ROWS.tolist(), "outputs": ["score"]},
        "model 'wine' has no output 'score'; it has predict",
    ),
    "outputs": (
        "wine",
        {"rows": ROWS.tolist(), "outputs": "predict"},
        "outputs: expected an array of names, got a string",
    ),
    "two columns": ("text", rows({"a": "x", "b": "y"}), "columns: expected one column of documents, got 2"),
    "no text": ("text", rows(1), "column 'X': row 0: expected text, got int '1'"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_rejected(worker: Worker, case: str):
    model, body, text = REJECTED[case]
    answer = worker.post(PREDICT.format(model), body)
    assert answer.status == 400 and text in answer.error, answer.error


def test_unknown_models(worker: Worker):
    answer = worker.post(PREDICT.format("wein"), {"rows": []})
    assert answer.status == 404 and "'wein'" in answer.error
