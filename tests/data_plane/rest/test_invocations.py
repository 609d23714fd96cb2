"""MLflow's scoring protocol, as its documents write the requests."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.data_plane.oip.trained import ROWS, TABLE, TEXTS, WINE, definitions, estimators
from tests.data_plane.rest.odd_tables import BLANKS, GAPS, odd_estimators
from tests.data_plane.rest.served import Answer, Worker, running

JSON = "application/json"


def ask(worker: Worker, model: str, body: Any, kind: str = JSON, **headers: str) -> Answer:
    return worker.post("/invocations", body, content_type=kind, x_pretzel_model=model, **headers)


def predictions(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer.body
    assert answer.json.keys() == {"predictions"}
    return list(answer.json["predictions"])


def test_dataframe_split(worker: Worker):
    split = json.loads(TABLE.to_json(orient="split"))
    want = estimators()["table"].predict(TABLE).tolist()
    assert predictions(ask(worker, "table", {"dataframe_split": split})) == want
    turned = json.loads(TABLE[["note", "size", "kind"]].to_json(orient="split"))
    assert predictions(ask(worker, "table", {"dataframe_split": turned})) == want


def test_a_model_without_names_takes_columns_in_their_order(worker: Worker):
    split = json.loads(WINE.data.iloc[::20].to_json(orient="split", double_precision=15))
    want = estimators()["wine"].predict(ROWS).tolist()
    assert predictions(ask(worker, "wine", {"dataframe_split": split})) == want
    assert predictions(ask(worker, "wine", WINE.data.iloc[::20].to_csv(index=False).encode(), "text/csv")) == want


def test_integers_name_columns(worker: Worker):
    """pandas numbers columns that have no names."""
    split = json.loads(pd.DataFrame(ROWS).to_json(orient="split", double_precision=15))
    assert split["columns"] == list(range(ROWS.shape[1]))
    assert predictions(ask(worker, "wine", {"dataframe_split": split})) == estimators()["wine"].predict(ROWS).tolist()
    turned = {"columns": split["columns"][::-1], "data": split["data"]}
    answer = ask(worker, "wine", {"dataframe_split": turned})
    assert answer.status == 400 and "columns: expected 0 to 12 in this order" in answer.error


@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "inputs"])
def test_infinities_in_columns_with_blanks_in_their_names(worker: Worker, form: str):
    rows = BLANKS[:6].round(3).assign(**{"a b": [np.inf, -np.inf, 0.0, 0.5, 1.0, -1.0]})
    words = rows.astype(object).replace({np.inf: "Infinity", -np.inf: "-Infinity"})
    body = words.to_dict({"dataframe_split": "split", "dataframe_records": "records", "inputs": "list"}[form])
    want = odd_estimators()["blanks"].predict(rows)
    assert predictions(ask(worker, "blanks", {form: body})) == pytest.approx(want.tolist(), rel=1e-9)


def test_dataframe_records(worker: Worker):
    records = json.loads(TABLE.to_json(orient="records"))
    found = predictions(ask(worker, "table", {"dataframe_records": records}))
    assert found == estimators()["table"].predict(TABLE).tolist()


def test_instances_and_inputs(worker: Worker):
    want = estimators()["wine"].predict(ROWS).tolist()
    for form in ("instances", "inputs"):
        assert predictions(ask(worker, "wine", {form: ROWS.tolist()})) == want
    want = estimators()["text"].predict(TEXTS).tolist()
    for value in (TEXTS, [[text] for text in TEXTS], [{"text": text} for text in TEXTS]):
        assert predictions(ask(worker, "text", {"instances": value})) == want
    columns = {name: TABLE[name].tolist() for name in TABLE}
    want = estimators()["table"].predict(TABLE).tolist()
    assert predictions(ask(worker, "table", {"inputs": columns})) == want
    assert predictions(ask(worker, "table", {"inputs": {n: [[v] for v in c] for n, c in columns.items()}})) == want


def test_csv(worker: Worker):
    table = TABLE[TABLE["note"] != ""]
    want = estimators()["table"].predict(table).tolist()
    assert predictions(ask(worker, "table", table.to_csv(index=False).encode(), "text/csv; charset=utf-8")) == want
    answer = ask(worker, "table", TABLE.to_csv(index=False).encode(), "text/csv")  # an empty field is missing
    assert answer.status == 400 and "row 3: np.nan is an invalid document" in answer.error


def test_csv_of_booleans_missing_texts_and_names_with_blanks(worker: Worker):
    want = odd_estimators()["gaps"].predict(GAPS).tolist()
    assert predictions(ask(worker, "gaps", GAPS.to_csv(index=False).encode(), "text/csv")) == want
    missing = "kind,flag,size\n" + "".join(f"{word},True,1\n" for word in ("NA", "null", "nan", "None", "N/A", "", "u"))
    want = odd_estimators()["gaps"].predict(pd.read_csv(io.StringIO(missing))).tolist()
    assert predictions(ask(worker, "gaps", missing.encode(), "text/csv")) == want
    want = odd_estimators()["gaps"].predict(GAPS).tolist()
    lower = GAPS.assign(flag=GAPS["flag"].map({True: "true", False: "false"}))
    assert predictions(ask(worker, "gaps", lower.to_csv(index=False).encode(), "text/csv")) == want
    found = predictions(ask(worker, "blanks", BLANKS.to_csv(index=False).encode(), "text/csv"))
    assert found == pytest.approx(odd_estimators()["blanks"].predict(BLANKS).tolist(), rel=1e-9)


@pytest.mark.parametrize("form", ["instances", "inputs", "dataframe_records", "dataframe_split"])
def test_null_is_missing_in_every_form_of_rows(worker: Worker, form: str):
    """A model of a table reads arrays as it reads objects, so null is not None, a category that it has not learned."""
    rows = json.loads(GAPS.to_json(orient="values"))
    body = {
        "dataframe_records": [dict(zip(GAPS, row, strict=True)) for row in rows],
        "dataframe_split": {"columns": [*GAPS], "data": rows},
    }
    asked = {form: body.get(form, rows), "params": {"predict_method": "predict_proba"}}
    want = odd_estimators()["gaps"].predict_proba(GAPS)
    np.testing.assert_allclose(predictions(ask(worker, "gaps", asked)), want, rtol=1e-6)


def test_columns_of_several_lengths_are_rejected_also_without_names(worker: Worker):
    columns = {str(i): column[: 2 if i else 3] for i, column in enumerate(ROWS.T.tolist())}
    answer = ask(worker, "wine", {"inputs": columns})
    assert answer.status == 400 and "column '1': 2 rows, but '0' has 3" in answer.error


def test_other_methods(worker: Worker):
    body = {"instances": ROWS[:1].tolist(), "params": {"predict_method": "predict_proba"}}
    (found,) = predictions(ask(worker, "wine", body))
    assert found == pytest.approx(estimators()["wine"].predict_proba(ROWS[:1])[0].tolist(), rel=1e-6)
    assert len(predictions(ask(worker, "terms", {"instances": TEXTS}))) == len(TEXTS)


def test_pings(worker: Worker):
    for path in ("/ping", "/health"):
        answer = worker.get(path)
        assert (answer.status, answer.body) == (200, b"\n")
    answer = worker.get("/version")
    assert answer.headers["content-type"] == "text/plain" and answer.body.decode().count(".") >= 1


REJECTED = {
    "no form": ({}, "body: expected one of dataframe_split, dataframe_records, instances, inputs, got none"),
    "two forms": ({"inputs": [], "instances": []}, "got instances, inputs"),
    "a list": ([1], "body: expected a JSON object with one of dataframe_split"),
    "split": ({"dataframe_split": []}, "dataframe_split: expected an object with columns and data, got an array"),
    "columns": ({"dataframe_split": {"columns": [True], "data": []}}, "columns: expected an array of names"),
    "twice, as text": ({"dataframe_split": {"columns": [1, "1"], "data": []}}, "columns: '1' is given twice"),
    "twice": ({"dataframe_split": {"columns": ["a", "a"], "data": []}}, "columns: 'a' is given twice"),
    "data": ({"dataframe_split": {"columns": ["a"], "data": 1}}, "data: expected an array of rows, got a number"),
    "a row": (
        {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}},
        "data, row 0: expected 1 values, got 2 values",
    ),
    "no row": ({"dataframe_split": {"columns": ["a"], "data": [1]}}, "data, row 0: expected 1 values, got a number"),
    "missing": ({"inputs": {"size": [1]}}, "column 'kind' is missing"),
    "no column": ({"inputs": {"size": 1}}, "column 'size': expected an array, got a number"),
    "params": ({"inputs": [], "params": [1]}, "params: expected an object, got an array"),
    "a param": ({"inputs": [], "params": {"k": 1}}, "params: unknown name 'k'; expected predict_method"),
    "a method": ({"inputs": [], "params": {"predict_method": 1}}, "params: expected predict_method as a string"),
    "no method": ({"inputs": [], "params": {"predict_method": "a"}}, "model 'table' has no output 'a'; it has predict"),
}
REJECTED_CSV = {
    "nothing": (b"", "body: expected a header line with the names of the columns, got nothing"),
    "bytes": (b"\xff\xfe", "body: not CSV in UTF-8"),
    "a quote": (b'a,b\n"x', "body: not CSV in UTF-8"),
    "fields": (b"size,kind,note\n1,u\n", "row 0: expected 3 fields, got 2"),
    "a number": (b"size,kind,note\nx,u,a\n", "row 0: column 'size': expected a number, got 'x'"),
    "a number as in Python": (b"size,kind,note\n1_000,u,a\n", "row 0: column 'size': expected a number, got '1_000'"),
    "digits": ("size,kind,note\n\u0663,u,a\n".encode(), "row 0: column 'size': expected a number, got '\u0663'"),
    "a boolean among numbers": (b"size,kind,note\n1,u,a\nTrue,u,a\n", "row 1: column 'size': expected a number"),
    "no rows": (b"size,kind,note\n", "found 0 samples"),
}


@pytest.mark.parametrize("case", REJECTED)
def test_rejected(worker: Worker, case: str):
    body, text = REJECTED[case]
    answer = ask(worker, "table", body)
    assert answer.status == 400 and text in answer.error


@pytest.mark.parametrize("case", REJECTED_CSV)
def test_rejected_csv(worker: Worker, case: str):
    body, text = REJECTED_CSV[case]
    answer = ask(worker, "table", body, "text/csv")
    assert answer.status == 400 and text in answer.error


def test_other_types(worker: Worker):
    answer = ask(worker, "table", b"a", "application/xml")
    assert (answer.status, answer.error) == (
        415,
        "content-type 'application/xml': expected application/json or text/csv",
    )


def test_which_model(worker: Worker):
    answer = worker.post("/invocations", {"inputs": TEXTS})
    assert answer.status == 400 and answer.error.startswith("/invocations: 8 models are deployed (blanks, echo, ")
    assert "the header field x-pretzel-model, or by --invocations-model" in answer.error
    assert ask(worker, "nothing", {"inputs": TEXTS}).status == 404
    named = worker.post("/invocations", {"inputs": TEXTS}, x_amzn_sagemaker_target_model="text")
    assert predictions(named) == estimators()["text"].predict(TEXTS).tolist()


def test_the_only_model(tmp_path: Path):
    with running(tmp_path, {}) as worker:
        answer = worker.post("/invocations", {"inputs": TEXTS})
        assert (answer.status, answer.error) == (404, "/invocations: no model is deployed; deploy one")
        worker.until_ready()
        worker.control.deploy("text", definitions()["text"])
        assert worker.post("/v1/models/text:predict", {"rows": TEXTS}).status == 200  # asks the control plane
        assert (
            predictions(worker.post("/invocations", {"inputs": TEXTS})) == estimators()["text"].predict(TEXTS).tolist()
        )
