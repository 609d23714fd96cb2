"""Inference over JSON and the binary extension, and its agreement with the same calls over gRPC."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from tests.data_plane.oip.trained import NAMES, ROWS, TABLE, TEXTS, WINE, estimators
from tests.data_plane.rest.served import Answer, Worker

INFER = "/v2/models/{}/infer"


def tensor(name: str, array: np.ndarray, datatype: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "shape": list(array.shape), "datatype": datatype, "data": array.tolist(), **more}


def values(answer: Answer) -> dict[str, np.ndarray]:
    assert answer.status == 200, answer.body
    outputs = answer.json["outputs"]
    return {item["name"]: np.array(item["data"]).reshape(item["shape"]) for item in outputs}


def columns() -> list[dict[str, Any]]:
    texts = {"kind": TABLE["kind"], "note": TABLE["note"]}
    size = tensor("size", TABLE["size"].to_numpy().reshape(-1, 1), "FP64")
    return [size, *(tensor(name, column.to_numpy().reshape(-1, 1), "BYTES") for name, column in texts.items())]


@pytest.mark.parametrize("flat", [False, True])
def test_a_matrix(worker: Worker, flat: bool):
    item = tensor("X", ROWS, "FP64")
    item["data"] = ROWS.ravel().tolist() if flat else item["data"]
    answer = worker.post(INFER.format("wine"), {"id": "my id", "inputs": [item]})
    found = values(answer)
    model = estimators()["wine"]
    np.testing.assert_array_equal(found["predict"].ravel(), model.predict(ROWS))
    np.testing.assert_allclose(found["predict_proba"], model.predict_proba(ROWS), rtol=1e-6, atol=1e-12)
    assert {key: answer.json[key] for key in ("id", "model_name", "model_version")} == {
        "id": "my id",
        "model_name": "wine",
        "model_version": "1",
    }
    assert answer.json["outputs"][0]["datatype"] == "INT64"


def test_texts_and_columns(worker: Worker):
    found = values(worker.post(INFER.format("text"), {"inputs": [tensor("X", np.array(TEXTS), "BYTES")]}))
    assert found["predict"].ravel().tolist() == estimators()["text"].predict(TEXTS).tolist()
    found = values(worker.post(INFER.format("table"), {"inputs": columns()}))
    assert found["predict"].ravel().tolist() == estimators()["table"].predict(TABLE).tolist()


@pytest.mark.parametrize("path", ["/v2/models/wine/versions/1/infer", "/v2/models/wine:first/infer"])
def test_versions_and_aliases(worker: Worker, path: str):
    body = {"inputs": [tensor("X", ROWS, "FP64")], "outputs": [{"name": "predict"}]}
    assert list(values(worker.post(path, body))) == ["predict"]


def test_every_datatype(worker: Worker):
    kinds = (
        "bool:BOOL i8:INT8 i16:INT16 i32:INT32 i64:INT64 u8:UINT8 u16:UINT16 u32:UINT32 u64:UINT64 f32:FP32 f64:FP64"
    )
    pairs = [pair.split(":") for pair in kinds.split()]
    high = {"bool": True, "i64": 2**63 - 1, "u64": 2**64 - 1, "f32": 1.5, "f64": 0.1}
    inputs = [{"name": n, "shape": [2, 1], "datatype": t, "data": [high.get(n, 7), 0]} for n, t in pairs]
    inputs.append({"name": "str", "shape": [2], "datatype": "BYTES", "data": ["", "grüße \U0001f968"]})
    answer = worker.post(INFER.format("echo"), {"inputs": inputs})
    found = {item["name"]: item["data"] for item in answer.json["outputs"]}
    for item in inputs:
        assert found[f"{item['name']}_out"] == item["data"], item["name"]


def test_missing_and_infinite_numbers(worker: Worker):
    numbers = [None, "Infinity", "-Infinity", 1]
    inputs = [{"name": n, "shape": [4], "datatype": t, "data": d} for n, t, d in everything(4)]
    inputs[-2]["data"] = numbers  # f64
    found = {
        item["name"]: item["data"] for item in worker.post(INFER.format("echo"), {"inputs": inputs}).json["outputs"]
    }
    assert found["f64_out"] == [None, "Infinity", "-Infinity", 1.0]
    words = json.dumps({"inputs": inputs}).replace("null", "NaN").replace('"Infinity"', "Infinity").encode()
    found = {item["name"]: item["data"] for item in worker.post(INFER.format("echo"), words).json["outputs"]}
    assert found["f64_out"] == [None, "Infinity", "-Infinity", 1.0]


def everything(rows: int) -> list[tuple[str, str, list[Any]]]:
    kinds = (
        "bool:BOOL i8:INT8 i16:INT16 i32:INT32 i64:INT64 u8:UINT8 u16:UINT16 u32:UINT32 u64:UINT64 f32:FP32 f64:FP64"
    )
    pairs = [pair.split(":") for pair in kinds.split()]
    return [*((n, t, [0] * rows) for n, t in pairs), ("str", "BYTES", [""] * rows)]


def test_binary_inputs_and_outputs(worker: Worker):
    head = {
        "inputs": [
            {
                "name": "X",
                "shape": list(ROWS.shape),
                "datatype": "FP64",
                "parameters": {"binary_data_size": ROWS.nbytes},
            }
        ],
        "outputs": [
            {"name": "predict_proba", "parameters": {"binary_data": True}},
            {"name": "predict", "parameters": {"binary_data": False}},
        ],
    }
    text = json.dumps(head).encode()
    length = {"inference_header_content_length": str(len(text))}
    answer = worker.post(INFER.format("wine"), text + ROWS.tobytes(), **length)
    assert answer.status == 200, answer.body
    at = int(answer.headers["inference-header-content-length"])
    proba, labels = json.loads(answer.body[:at])["outputs"]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert proba["parameters"] == {"binary_data_size": len(answer.body) - at}
    found = np.frombuffer(answer.body[at:]).reshape(proba["shape"])
    np.testing.assert_allclose(found, estimators()["wine"].predict_proba(ROWS), rtol=1e-6, atol=1e-12)
    assert labels["data"] == estimators()["wine"].predict(ROWS).tolist()


def test_all_outputs_binary(worker: Worker):
    body = {"parameters": {"binary_data_output": True}, "inputs": [tensor("X", np.array(TEXTS), "BYTES")],
            "outputs": [{"name": "predict"}]}  # fmt: skip
    answer = worker.post(INFER.format("text"), body)
    at = int(answer.headers["inference-header-content-length"])
    pieces, rest = [], answer.body[at:]
    while rest:
        (size,) = struct.unpack_from("<I", rest)
        pieces.append(rest[4 : 4 + size].decode())
        rest = rest[4 + size :]
    assert pieces == estimators()["text"].predict(TEXTS).tolist()


def test_classification(worker: Worker):
    body = {"inputs": [tensor("X", ROWS, "FP64")],
            "outputs": [{"name": "predict_proba", "parameters": {"classification": 2}}]}  # fmt: skip
    (output,) = worker.post(INFER.format("frame"), body).json["outputs"]
    assert output["shape"] == [len(ROWS), 2] and output["datatype"] == "BYTES"
    best = [entry.split(":")[2] for entry in output["data"][::2]]
    assert best == estimators()["frame"].predict(WINE.data.iloc[::20]).tolist() and set(best) <= {*NAMES}


def test_large_requests_and_answers(worker: Worker):
    rows = np.repeat(ROWS, 1000, axis=0)
    body = {"inputs": [tensor("X", rows, "FP64")], "outputs": [{"name": "predict"}, {"name": "predict_proba"}]}
    found = values(worker.post(INFER.format("wine"), body))
    np.testing.assert_array_equal(found["predict"].ravel(), np.repeat(estimators()["wine"].predict(ROWS), 1000))


def wrong(**changes: Any) -> dict[str, Any]:
    """A valid request with another first input."""
    return {"inputs": [{"name": "X", "shape": [1, 13], "datatype": "FP64", "data": [1.0] * 13, **changes}]}


REJECTED = {
    "no JSON": (b"{", "body: not JSON: "),
    "an array": ([], "body: expected a JSON object with `inputs`"),
    "no inputs": ({}, "expected 1 inputs but got 0 inputs for model 'wine'"),
    "inputs of numbers": ({"inputs": [1]}, "inputs: expected an array of objects"),
    "no shape": (
        wrong(shape=None),
        "input 'X': expected shape as an array of sizes, [rows] or [rows,columns], got null",
    ),
    "a negative size": (wrong(shape=[-1, 13]), "got [-1,13]"),
    "a huge shape": (wrong(shape=[2**31 - 1, 13]), "has more than 2147483647 elements"),
    "too few": (wrong(data=[1.0]), "for input 'X' of shape [1,13]. Expected 13, got 1"),
    "no data": ({"inputs": [{"name": "X", "shape": [1, 13], "datatype": "FP64"}]}, "input 'X': expected data, or "),
    "data as text": (wrong(data="abc"), "input 'X': expected data as an array, got a string"),
    "a text": (wrong(data=[1.0] * 12 + ["a"]), "input 'X', element 12: a string a is not in FP64"),
    "a boolean": (wrong(data=[True] * 13), "input 'X', element 0: a boolean True is not in FP64"),
    "outside": (wrong(datatype="INT8", data=[1] * 12 + [300]), "input 'X', element 12: a number 300 is not in INT8"),
    "a fraction": (wrong(datatype="INT64", data=[1] * 12 + [1.5]), "element 12: a number 1.5 is not in INT64"),
    "missing integer": (wrong(datatype="INT64", data=[1] * 12 + [None]), "element 12: null is not in INT64"),
    "unknown datatype": (wrong(datatype="FP8"), "input 'X': unknown datatype 'FP8'"),
    "BF16": (wrong(datatype="BF16"), "input 'X': BF16 has only binary data"),
    "another shape": (
        wrong(shape=[13, 1]),
        "unexpected shape for input 'X' for model 'wine'. Expected [-1,13], got [13,1]",
    ),
    "another name": (wrong(name="Y"), "unexpected inference input 'Y' for model 'wine'; it takes 'X'"),
    "texts": (wrong(datatype="BYTES", data=["a"] * 13), "data-type is 'BYTES', but model 'wine' expects 'FP64'"),
    "a number as text": (
        wrong(datatype="BYTES", data=[1] * 13),
        "input 'X', element 0: expected a string, got a number",
    ),
    "a missing text": (wrong(datatype="BYTES", data=[None] * 13), "/v1/models/NAME:predict can"),
    "an unknown output": ({**wrong(), "outputs": [{"name": "score"}]}, "unexpected inference output 'score'"),
    "a parameter": ({**wrong(), "parameters": {"priority": [1]}}, "parameter 'priority' of the request: expected a "),
    "reserved": ({**wrong(), "parameters": {"triton_x": 1}}, "names that start with 'triton_' are reserved"),
    "binary and data": (wrong(parameters={"binary_data_size": 8}), "it has both data and binary_data_size"),
    "a flag": ({**wrong(), "parameters": {"binary_data_output": 1}}, "expected a boolean, got a number"),
    "an id": ({**wrong(), "id": 7}, "id: expected a string, got a number"),
}
REJECTED["ragged"] = (wrong(data=[[1.0] * 12, [1.0, 2.0]]), "Expected 13, got 14")


@pytest.mark.parametrize("case", REJECTED)
def test_rejected(worker: Worker, case: str):
    body, text = REJECTED[case]
    answer = worker.post(INFER.format("wine"), body)
    assert answer.status == 400
    assert text in answer.error


def test_rejected_binary_data(worker: Worker):
    head = {"inputs": [{"name": "X", "shape": [1, 13], "datatype": "FP64", "parameters": {"binary_data_size": 104}}]}
    text = json.dumps(head).encode()

    def refusal(body: bytes, length: str) -> str:
        answer = worker.post(INFER.format("wine"), body, inference_header_content_length=length)
        assert answer.status == 400
        return answer.error

    assert "binary_data_size is 104, but 103 bytes are left" in refusal(text + bytes(103), str(len(text)))
    assert "1 bytes are left behind the binary data" in refusal(text + bytes(105), str(len(text)))
    assert "expected the bytes of the JSON in the body, at most" in refusal(text, str(len(text) + 1))
    assert "got '-1'" in refusal(text, "-1")
    odd = text.replace(b"104", b'"a"')
    assert "expected binary_data_size as a non-negative integer, got a" in refusal(odd, str(len(odd)))


def test_unknown_models_and_versions(worker: Worker):
    body = {"inputs": [tensor("X", ROWS, "FP64")]}
    answer = worker.post(INFER.format("wein"), body)
    assert (answer.status, answer.error) == (404, "Request for unknown model: 'wein' is not found")
    assert worker.post("/v2/models/wine/versions/9/infer", body).status == 404
    answer = worker.post("/v2/models/wine/versions/x/infer", body)
    assert answer.status == 400 and "failed to get model version from specified version string 'x'" in answer.error


def test_sequences_are_unimplemented(worker: Worker):
    answer = worker.post(INFER.format("wine"), {**wrong(), "parameters": {"sequence_id": 1}})
    assert answer.status == 501 and "sequences are for models with state" in answer.error
