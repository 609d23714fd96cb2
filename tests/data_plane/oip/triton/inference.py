"""Cases of inference: tensors, outputs, parameters, errors, callbacks, streams and the asyncio client."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from support import SECONDS, SERVER, WANT, Client, refused, tensor, texts, wine
from tritonclient.utils import InferenceServerException


def case_infer(client: Client) -> None:
    result = client.infer("wine", wine())
    np.testing.assert_array_equal(result.as_numpy("predict").ravel(), WANT["predict"])
    np.testing.assert_allclose(result.as_numpy("predict_proba"), WANT["predict_proba"], rtol=1e-6)
    assert result.as_numpy("score") is None
    assert result.get_output("predict").datatype == "INT64"


def case_requested_outputs(client: Client) -> None:
    outputs = [triton.InferRequestedOutput("predict_proba"), triton.InferRequestedOutput("predict")]
    response = client.infer("wine", wine(), outputs=outputs).get_response(as_json=True)
    assert [output["name"] for output in response["outputs"]] == ["predict_proba", "predict"]


def case_request_id_and_version(client: Client) -> None:
    response = client.infer("wine", wine(), model_version="1", request_id="my id").get_response()
    assert (response.id, response.model_name, response.model_version) == ("my id", "wine", "1")


def case_every_dtype(client: Client) -> None:
    names = "?:bool b:i8 h:i16 i:i32 q:i64 B:u8 H:u16 I:u32 Q:u64 f:f32 d:f64"
    columns = {}
    for code, name in (pair.split(":") for pair in names.split()):
        columns[name] = np.array([[0], [1]], np.dtype(code))
    columns["str"] = texts("", "grüße")
    result = client.infer("echo", [tensor(name, column) for name, column in columns.items()])
    for name, column in columns.items():
        got = result.as_numpy(f"{name}_out")
        if name == "str":
            assert [text.decode() for text in got.ravel()] == column.ravel().tolist()
        else:
            assert got.dtype == column.dtype
            np.testing.assert_array_equal(got, column)


def case_half_and_brain_floats(client: Client) -> None:
    import ml_dtypes

    rows = np.rint(WANT["rows"]).clip(0, 100)
    want = client.infer("wine", [tensor("X", rows)]).as_numpy("decision_function")
    for dtype in np.float16, ml_dtypes.bfloat16, np.int8:
        got = client.infer("wine", [tensor("X", rows.astype(dtype))])
        np.testing.assert_array_equal(got.as_numpy("decision_function"), want)


def case_bytes(client: Client) -> None:
    for array in WANT["texts"].reshape(-1, 1).astype(np.object_), WANT["texts"].astype(np.object_):
        result = client.infer("text", [tensor("X", array)])
        labels = [label.decode() for label in result.as_numpy("predict").ravel()]
        assert labels == WANT["text_labels"].tolist()
    encoded = np.array([[text.encode()] for text in WANT["texts"].tolist()], np.object_)
    result = client.infer("text", [tensor("X", encoded)])
    np.testing.assert_allclose(result.as_numpy("predict_proba"), WANT["text_proba"], rtol=1e-6)


def case_a_tensor_per_column(client: Client) -> None:
    names = [item.name for item in client.get_model_metadata("frame").inputs]
    columns = [tensor(name, WANT["rows"][:, i : i + 1]) for i, name in enumerate(names)]
    for inputs in columns, wine():
        labels = client.infer("frame", inputs).as_numpy("predict").ravel()
        assert [label.decode() for label in labels] == WANT["frame_labels"].tolist()


def case_class_count(client: Client) -> None:
    outputs = [triton.InferRequestedOutput("predict_proba", class_count=2)]
    entries = client.infer("frame", wine(), outputs=outputs).as_numpy("predict_proba")
    assert entries.shape == (len(WANT["rows"]), 2)
    for entry, label in zip(entries[:, 0], WANT["frame_labels"], strict=True):
        value, _, name = entry.decode().split(":")
        assert name == label and 1 / 3 < float(value) <= 1


def case_empty_batch(client: Client) -> None:
    result = client.infer("wine", [tensor("X", np.empty((0, 13)))])
    assert result.as_numpy("predict_proba").shape == (0, 3)
    assert client.infer("text", [tensor("X", np.empty((0, 1), np.object_))]).as_numpy("predict").shape == (0, 1)


def case_priority_timeout_and_parameters(client: Client) -> None:
    client.infer("wine", wine(), priority=1, timeout=10_000_000, parameters={"mine": "x", "weight": 0.5, "flag": True})
    refused("DEADLINE_EXCEEDED", "Request timeout expired", client.infer, "wine", wine(), timeout=1)


def case_sequences_are_refused(client: Client) -> None:
    refused("UNIMPLEMENTED", "sequence", client.infer, "wine", wine(), sequence_id=5, sequence_start=True)


def case_compression(client: Client) -> None:
    for algorithm in "gzip", "deflate":
        result = client.infer("wine", wine(), compression_algorithm=algorithm)
        np.testing.assert_array_equal(result.as_numpy("predict").ravel(), WANT["predict"])


def case_errors(client: Client) -> None:
    refused("NOT_FOUND", "Request for unknown model: 'wein' is not found", client.infer, "wein", wine())
    refused("NOT_FOUND", "no version '9'", client.infer, "wine", wine(), model_version="9")
    wrong = [tensor("X", WANT["rows"][:, :3].copy())]
    shape = f"unexpected shape for input 'X' for model 'wine'. Expected [-1,13], got [{len(WANT['rows'])},3]"
    refused("INVALID_ARGUMENT", shape, client.infer, "wine", wrong)
    refused("INVALID_ARGUMENT", "unexpected inference input 'Y'", client.infer, "wine", [tensor("Y", WANT["rows"])])
    outputs = [triton.InferRequestedOutput("score")]
    refused("INVALID_ARGUMENT", "unexpected inference output 'score'", client.infer, "wine", wine(), outputs=outputs)
    text = [tensor("X", texts("a"))]
    refused("INVALID_ARGUMENT", "data-type is 'BYTES', but model 'echo' expects 'FP64'", client.infer, "echo",
            [tensor("f64", texts("a"))])  # fmt: skip
    refused("INVALID_ARGUMENT", "unexpected inference input 'X' for model 'echo'", client.infer, "echo", text)
    refused("NOT_FOUND", "'wein'", client.get_model_metadata, "wein")
    refused("NOT_FOUND", "'wein'", client.get_model_config, "wein")


def case_async_infer(client: Client) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    for _ in range(5):
        client.async_infer("wine", wine(), lambda result, error: answers.put((result, error)))
    client.async_infer("wein", wine(), lambda result, error: answers.put((result, error)))
    got = [answers.get(timeout=SECONDS) for _ in range(6)]
    assert sum(error is not None for _, error in got) == 1
    for result in (result for result, error in got if error is None):
        np.testing.assert_array_equal(result.as_numpy("predict").ravel(), WANT["predict"])


def case_stream(client: Client) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    try:
        for i in range(10):
            client.async_stream_infer("wine", wine(), request_id=str(i), enable_empty_final_response=True)
        client.async_stream_infer("wein", wine(), request_id="bad")
        client.async_stream_infer("wine", wine(), request_id="last")
        got = [answers.get(timeout=SECONDS) for _ in range(12)]
    finally:
        client.stop_stream()
    assert [result.get_response().id for result, error in got[:10]] == [str(i) for i in range(10)]
    first = got[0][0]
    assert first.get_response().parameters["triton_final_response"].bool_param
    np.testing.assert_array_equal(first.as_numpy("predict").ravel(), WANT["predict"])
    assert "Request for unknown model: 'wein'" in got[10][1].message()
    assert got[11][0].get_response().id == "last"


def case_stream_with_statuses(client: Client) -> None:
    answers: queue.Queue[Any] = queue.Queue()
    client.start_stream(lambda result, error: answers.put(error), headers={"triton_grpc_error": "true"})
    try:
        client.async_stream_infer("wein", wine())
        error = answers.get(timeout=SECONDS)
    finally:
        client.stop_stream()
    assert error.status() == "StatusCode.NOT_FOUND", error.status()


def case_asyncio_client(client: Client) -> None:
    async def use() -> None:
        async with triton_aio.InferenceServerClient(SERVER["address"]) as own:
            assert await own.is_server_live() and await own.is_model_ready("wine")
            results = await asyncio.gather(*(own.infer("wine", wine(), request_id=str(i)) for i in range(50)))
            assert [result.get_response().id for result in results] == [str(i) for i in range(50)]
            for result in results:
                np.testing.assert_array_equal(result.as_numpy("predict").ravel(), WANT["predict"])
            assert (await own.get_model_metadata("wine")).name == "wine"
            assert (await own.get_model_config("wine")).config.name == "wine"
            try:
                await own.infer("wein", wine())
                raise AssertionError("no error")
            except InferenceServerException as error:
                assert error.status() == "StatusCode.NOT_FOUND"

    asyncio.run(use())


def case_asyncio_stream(client: Client) -> None:
    async def requests() -> AsyncIterator[dict[str, Any]]:
        for i in range(5):
            yield {"model_name": "wine" if i != 3 else "wein", "inputs": wine(), "request_id": str(i)}

    async def use() -> None:
        async with triton_aio.InferenceServerClient(SERVER["address"]) as own:
            answers = [answer async for answer in own.stream_infer(requests())]
        assert [error is not None for _, error in answers] == [False, False, False, True, False]
        assert [r.get_response().id for r, error in answers if error is None] == ["0", "1", "2", "4"]

    asyncio.run(use())


def case_large_tensors(client: Client) -> None:
    rows = np.repeat(WANT["rows"], 20_000, axis=0)
    result = client.infer("wine", [tensor("X", rows)], outputs=[triton.InferRequestedOutput("predict")])
    np.testing.assert_array_equal(result.as_numpy("predict").ravel(), np.repeat(WANT["predict"], 20_000))
