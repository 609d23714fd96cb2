"""MLServer's content types: X is what the library would get."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.data_plane.oip.trained import ROWS, TABLE, TEXTS, WINE, estimators
from tests.data_plane.rest.served import Worker

INFER = "/v2/models/{}/infer"


def request(kind: str, *inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"parameters": {"content_type": kind}, "inputs": list(inputs), **more}


def column(name: str, data: list[Any], datatype: str = "BYTES", **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": [len(data)], "datatype": datatype, "data": data, **more}


def predicted(worker: Worker, model: str, body: Any) -> list[Any]:
    answer = worker.post(INFER.format(model), {**body, "outputs": [{"name": "predict"}]})
    assert answer.status == 200, answer.body
    return list(answer.json["outputs"][0]["data"])


def table() -> list[dict[str, Any]]:
    texts = [column(name, TABLE[name].tolist()) for name in ("note", "kind")]
    return [*texts, column("size", TABLE["size"].tolist(), "FP64")]


def test_pd(worker: Worker):
    want = estimators()["table"].predict(TABLE).tolist()
    assert predicted(worker, "table", request("pd", *table())) == want
    named = [
        {**item, "parameters": {"content_type": "str"}} if item["datatype"] == "BYTES" else item for item in table()
    ]
    assert predicted(worker, "table", {"inputs": named}) == want
    names = [column(name, WINE.data[name].tolist()[::20], "FP64") for name in WINE.data]
    assert predicted(worker, "frame", request("pd", *names)) == estimators()["frame"].predict(WINE.data[::20]).tolist()


def test_np(worker: Worker):
    rows = ROWS.astype(np.float32)
    item = {"name": "anything", "shape": list(rows.shape), "datatype": "FP32", "data": rows.tolist()}
    model = estimators()["wine"]
    assert predicted(worker, "wine", request("np", item)) == model.predict(rows).tolist()
    named = {"inputs": [{**item, "parameters": {"content_type": "np"}}]}
    answer = worker.post(INFER.format("wine"), {**named, "outputs": [{"name": "predict_proba"}]})
    found = np.reshape(answer.json["outputs"][0]["data"], (-1, 3))
    np.testing.assert_allclose(found, model.predict_proba(rows), rtol=1e-6, atol=1e-12)


def test_str(worker: Worker):
    want = estimators()["text"].predict(TEXTS).tolist()
    assert predicted(worker, "text", request("str", column("whatever", TEXTS))) == want


def test_the_answer_has_the_form_of_the_protocol(worker: Worker):
    body = request("str", column("X", TEXTS), id="my id")
    answer = worker.post(INFER.format("text"), body).json
    assert (answer["id"], answer["model_name"]) == ("my id", "text")
    shapes = {item["name"]: (item["datatype"], item["shape"]) for item in answer["outputs"]}
    assert shapes["predict"] == ("BYTES", [5, 1]) and shapes["predict_proba"] == ("FP64", [5, 2])


REJECTED = {
    "unknown": ("text", request("base64", column("X", TEXTS)), "content_type 'base64': expected one of np, pd, str"),
    "no inputs": ("text", request("str"), "inputs: expected at least one"),
    "two inputs": ("text", request("np", *table()), "content_type 'np': expected one input, got 3; pd reads several"),
    "no text": ("text", request("str", column("X", [1.0], "FP64")), "content_type 'str' needs BYTES, got FP64"),
    "twice": ("table", request("pd", *table(), table()[0]), "input 'note': given twice"),
    "missing": ("table", request("pd", *table()[1:]), "column 'note' is missing"),
    "a matrix": ("wine", request("pd", {**column("X", [1.0]), "shape": [1, 1, 1]}), "a column has the shape [rows] or"),
    "a number": ("text", request("str", column("X", [1])), "column 'X': row 0: expected text, got int '1'"),
    "a count": ("text", request("str", {**column("X", TEXTS), "shape": [4]}), "input 'X'. Expected 4, got 5"),
    "no kind": ("text", {"parameters": {"content_type": 1}, "inputs": []}, "expected a string, got a number"),
    "BF16": ("wine", request("np", column("X", [1.0], "BF16")), "datatype 'BF16' has no type in NumPy"),
    "no data": ("wine", request("np", column("X", "a", "FP64")), "input 'X': expected data as an array"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", REJECTED)
def test_rejected(worker: Worker, case: str):
    model, body, text = REJECTED[case]
    answer = worker.post(INFER.format(model), body)
    assert answer.status == 400 and text in answer.error
