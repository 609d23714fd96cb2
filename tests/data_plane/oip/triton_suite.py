"""Triton's own client over its documented use; runs in an environment of its own, which has the client and not Pretzel.

    python triton_suite.py HOST:PORT ANSWERS.npz

Each function ``case_...`` is a case.  The results are printed as JSON: a traceback by name, empty for a success.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sys
import traceback
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.utils import InferenceServerException, np_to_triton_dtype, serialize_byte_tensor, shared_memory

Client = triton.InferenceServerClient
ADDRESS = ""
WANT: dict[str, np.ndarray] = {}
SECONDS = 20


def tensor(name: str, array: np.ndarray) -> triton.InferInput:
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array)
    return made


def texts(*values: str) -> np.ndarray:
    return np.array(values, np.object_).reshape(-1, 1)


def wine() -> list[triton.InferInput]:
    return [tensor("X", WANT["rows"])]


def refused(status: str, text: str, call: Any, *arguments: Any, **options: Any) -> None:
    try:
        call(*arguments, **options)
    except InferenceServerException as error:
        assert error.status() == f"StatusCode.{status}", error.status()
        assert text in error.message(), error.message()
    else:
        raise AssertionError(f"no error, expected {status}")


def case_health(client: Client) -> None:
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("wine") and client.is_model_ready("wine", "1")
    assert not client.is_model_ready("wine", "2") and not client.is_model_ready("wein")


def case_server_metadata(client: Client) -> None:
    metadata = client.get_server_metadata(as_json=True)
    assert metadata["name"] == "pretzel" and "statistics" in metadata["extensions"]


def case_model_metadata(client: Client) -> None:
    metadata = client.get_model_metadata("wine")
    assert [(i.name, i.datatype, list(i.shape)) for i in metadata.inputs] == [("X", "FP64", [-1, 13])]
    as_json = client.get_model_metadata("wine", "1", as_json=True)
    assert as_json["versions"] == ["1"] and as_json["outputs"][0]["datatype"] == "INT64"


def case_model_config(client: Client) -> None:
    config = client.get_model_config("wine").config
    assert config.max_batch_size > 1 and list(config.input[0].dims) == [13]
    as_json = client.get_model_config("frame", as_json=True)["config"]
    assert as_json["input"][0]["data_type"] == "TYPE_FP64" and as_json["output"][0]["data_type"] == "TYPE_STRING"


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


def case_statistics(client: Client) -> None:
    def read() -> Any:
        (stats,) = client.get_inference_statistics("wine", "1").model_stats
        return stats

    before = read()
    client.infer("wine", wine())
    after = read()
    assert after.inference_count - before.inference_count == len(WANT["rows"])
    assert after.execution_count - before.execution_count == 1
    assert after.inference_stats.success.ns > before.inference_stats.success.ns
    assert after.inference_stats.compute_infer.ns > before.inference_stats.compute_infer.ns
    as_json = client.get_inference_statistics(as_json=True)["model_stats"]
    assert "wine" in [entry["name"] for entry in as_json]


def case_repository(client: Client) -> None:
    index = client.get_model_repository_index()
    assert {(model.name, model.state) for model in index.models} >= {("wine", "READY"), ("text", "READY")}
    client.load_model("wine")
    client.unload_model("wine", unload_dependents=False)
    client.infer("wine", wine())
    refused("NOT_FOUND", "'wein'", client.load_model, "wein")
    refused("FAILED_PRECONDITION", "control plane", client.load_model, "wine", config="{}")


def case_shared_memory(client: Client) -> None:
    client.unregister_system_shared_memory()
    client.unregister_cuda_shared_memory()
    rows, want = WANT["rows"], WANT["predict_proba"]
    source = shared_memory.create_shared_memory_region("input_data", "/pretzel_suite_in", rows.nbytes)
    target = shared_memory.create_shared_memory_region("output_data", "/pretzel_suite_out", want.nbytes)
    try:
        shared_memory.set_shared_memory_region(source, [rows])
        client.register_system_shared_memory("input_data", "/pretzel_suite_in", rows.nbytes)
        client.register_system_shared_memory("output_data", "/pretzel_suite_out", want.nbytes)
        assert set(client.get_system_shared_memory_status().regions) == {"input_data", "output_data"}
        given = triton.InferInput("X", list(rows.shape), "FP64")
        given.set_shared_memory("input_data", rows.nbytes)
        wanted = triton.InferRequestedOutput("predict_proba")
        wanted.set_shared_memory("output_data", want.nbytes)
        labels = triton.InferRequestedOutput("predict")
        result = client.infer("wine", [given], outputs=[wanted, labels])
        got = shared_memory.get_contents_as_numpy(target, np.float64, list(want.shape))
        np.testing.assert_allclose(got, want, rtol=1e-6)
        np.testing.assert_array_equal(result.as_numpy("predict").ravel(), WANT["predict"])
        client.unregister_system_shared_memory("input_data")
        refused("NOT_FOUND", "Unable to find", client.infer, "wine", [given])
        client.unregister_system_shared_memory()
        assert not client.get_system_shared_memory_status().regions
    finally:
        shared_memory.destroy_shared_memory_region(source)
        shared_memory.destroy_shared_memory_region(target)


def case_texts_in_shared_memory(client: Client) -> None:
    values = WANT["texts"].reshape(-1, 1).astype(np.object_)
    size = sum(4 + len(text.encode()) for text in WANT["texts"].tolist())
    region = shared_memory.create_shared_memory_region("texts", "/pretzel_suite_texts", size)
    try:
        shared_memory.set_shared_memory_region(region, [serialize_byte_tensor(values)])
        client.register_system_shared_memory("texts", "/pretzel_suite_texts", size)
        given = triton.InferInput("X", list(values.shape), "BYTES")
        given.set_shared_memory("texts", size)
        labels = client.infer("text", [given]).as_numpy("predict").ravel()
        assert [label.decode() for label in labels] == WANT["text_labels"].tolist()
        client.unregister_system_shared_memory("texts")
    finally:
        shared_memory.destroy_shared_memory_region(region)


def case_cuda_shared_memory(client: Client) -> None:
    assert not client.get_cuda_shared_memory_status().regions
    refused("UNIMPLEMENTED", "CUDA", client.register_cuda_shared_memory, "c", b"aGFuZGxl", 0, 8)


def case_trace_settings(client: Client) -> None:
    assert list(client.get_trace_settings().settings["trace_level"].value) == ["OFF"]
    client.update_trace_settings(settings={"trace_level": ["OFF"], "trace_rate": None})
    refused("UNIMPLEMENTED", "traces", client.update_trace_settings, settings={"trace_level": ["TIMESTAMPS"]})
    refused("INVALID_ARGUMENT", "colour", client.update_trace_settings, settings={"colour": ["red"]})


def case_log_settings(client: Client) -> None:
    before = client.get_log_settings(as_json=True)["settings"]
    assert "log_info" in before
    changed = client.update_log_settings({"log_info": False, "log_verbose_level": 1}, as_json=True)["settings"]
    assert changed["log_verbose_level"]["uint32_param"] == 1 and not changed["log_info"]["bool_param"]
    client.update_log_settings({"log_info": True, "log_verbose_level": 0})
    refused("INVALID_ARGUMENT", "colour", client.update_log_settings, {"colour": True})


def case_asyncio_client(client: Client) -> None:
    async def use() -> None:
        async with triton_aio.InferenceServerClient(ADDRESS) as own:
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
        async with triton_aio.InferenceServerClient(ADDRESS) as own:
            answers = [answer async for answer in own.stream_infer(requests())]
        assert [error is not None for _, error in answers] == [False, False, False, True, False]
        assert [r.get_response().id for r, error in answers if error is None] == ["0", "1", "2", "4"]

    asyncio.run(use())


def case_large_tensors(client: Client) -> None:
    rows = np.repeat(WANT["rows"], 20_000, axis=0)
    result = client.infer("wine", [tensor("X", rows)], outputs=[triton.InferRequestedOutput("predict")])
    np.testing.assert_array_equal(result.as_numpy("predict").ravel(), np.repeat(WANT["predict"], 20_000))


def run(case: Any) -> str:
    try:
        with Client(ADDRESS) as client:
            case(client)
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    ADDRESS = sys.argv[1]
    WANT = dict(np.load(sys.argv[2]))
    cases = {name: case for name, case in globals().items() if name.startswith("case_")}
    print(json.dumps({name: run(case) for name, case in cases.items()}))
