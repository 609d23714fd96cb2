"""Triton's own client over HTTP, unmodified, in its documented use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tritonclient import http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from tests.data_plane.oip.trained import ROWS, TEXTS, estimators
from tests.data_plane.rest.served import Worker


@pytest.fixture
def client(worker: Worker) -> Iterator[Any]:
    client = triton.InferenceServerClient(worker.http, concurrency=4)
    yield client
    client.close()


def tensor(name: str, array: np.ndarray, *, binary: bool = True) -> Any:
    made = triton.InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    made.set_data_from_numpy(array, binary_data=binary)
    return made


def output(name: str, **options: Any) -> Any:
    return triton.InferRequestedOutput(name, **options)


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("received", [True, False])
def test_infer(client: Any, sent: bool, received: bool):
    outputs = [output(name, binary_data=received) for name in ("predict", "predict_proba")]
    result = client.infer("wine", [tensor("X", ROWS, binary=sent)], outputs=outputs, request_id="7")
    model = estimators()["wine"]
    np.testing.assert_array_equal(result.as_numpy("predict").ravel(), model.predict(ROWS))
    np.testing.assert_allclose(result.as_numpy("predict_proba"), model.predict_proba(ROWS), rtol=1e-6, atol=1e-12)
    assert result.get_response()["id"] == "7"


def test_all_outputs(client: Any):
    result = client.infer("wine", [tensor("X", ROWS)], model_version="1")
    names = [item["name"] for item in result.get_response()["outputs"]]
    assert names == ["predict", "decision_function", "predict_proba", "predict_log_proba"]
    assert result.as_numpy("decision_function").shape == (len(ROWS), 3)
    assert result.as_numpy("score") is None


@pytest.mark.parametrize("binary", [True, False])
def test_texts(client: Any, binary: bool):
    texts = np.array(TEXTS, np.object_).reshape(-1, 1)
    result = client.infer("text", [tensor("X", texts, binary=binary)], outputs=[output("predict", binary_data=binary)])
    found = [item.decode() if isinstance(item, bytes) else item for item in result.as_numpy("predict").ravel()]
    assert found == estimators()["text"].predict(TEXTS).tolist()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_compression(client: Any, coding: str):
    rows = np.repeat(ROWS, 100, axis=0)
    options = {"request_compression_algorithm": coding, "response_compression_algorithm": coding}
    result = client.infer("wine", [tensor("X", rows)], outputs=[output("predict")], **options)
    np.testing.assert_array_equal(
        result.as_numpy("predict").ravel(), np.repeat(estimators()["wine"].predict(ROWS), 100)
    )


def test_classification(client: Any):
    result = client.infer("frame", [tensor("X", ROWS)], outputs=[output("predict_proba", class_count=1)])
    best = [entry.decode().split(":")[2] for entry in result.as_numpy("predict_proba").ravel()]
    assert len(best) == len(ROWS) and set(best) <= {"class_0", "class_1", "class_2"}


def test_async_infer(client: Any):
    waiting = [client.async_infer("wine", [tensor("X", ROWS[i : i + 1])]) for i in range(len(ROWS))]
    found = [item.get_result().as_numpy("predict").ravel()[0] for item in waiting]
    assert found == estimators()["wine"].predict(ROWS).tolist()


def test_health_and_metadata(client: Any):
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("wine")
    assert client.is_model_ready("wine", "1")
    assert not client.is_model_ready("wein") and not client.is_model_ready("wine", "9")
    assert client.get_server_metadata()["name"] == "pretzel"
    assert client.get_model_metadata("wine")["inputs"] == [{"name": "X", "datatype": "FP64", "shape": [-1, 13]}]
    config = client.get_model_config("wine", "1")
    assert config["input"][0]["dims"] == [13] and config["input"][0]["data_type"] == "TYPE_FP64"
    names = {item["name"] for item in client.get_model_repository_index()}
    assert names == {"wine", "frame", "text", "table", "terms", "echo", "gaps", "blanks"}


def test_statistics(client: Any):
    def counted() -> int:
        (stats,) = client.get_inference_statistics("wine")["model_stats"]
        return int(stats["inference_count"])

    before = counted()
    client.infer("wine", [tensor("X", ROWS)])
    assert counted() == before + len(ROWS)
    assert client.get_inference_statistics()["model_stats"]


def test_repository(client: Any):
    client.load_model("terms")
    assert client.is_model_ready("terms")
    client.unload_model("terms")
    with pytest.raises(InferenceServerException, match="the control plane holds models and configurations") as caught:
        client.load_model("terms", config='{"name": "terms"}', files={"file:1/model.onnx": b"abc"})
    assert caught.value.status() == "409"


def test_shared_memory(client: Any):
    from tritonclient.utils import shared_memory

    region = shared_memory.create_shared_memory_region("rest_rows", "/pretzel_rest_rows", ROWS.nbytes)
    try:
        shared_memory.set_shared_memory_region(region, [ROWS])
        client.register_system_shared_memory("rest_rows", "/pretzel_rest_rows", ROWS.nbytes)
        (known,) = client.get_system_shared_memory_status()
        assert (known["name"], known["key"], known["byte_size"]) == ("rest_rows", "/pretzel_rest_rows", ROWS.nbytes)
        item = triton.InferInput("X", list(ROWS.shape), "FP64")
        item.set_shared_memory("rest_rows", ROWS.nbytes)
        result = client.infer("wine", [item], outputs=[output("predict")])
        np.testing.assert_array_equal(result.as_numpy("predict").ravel(), estimators()["wine"].predict(ROWS))
        client.unregister_system_shared_memory("rest_rows")
        assert client.get_system_shared_memory_status() == []
    finally:
        shared_memory.destroy_shared_memory_region(region)


@pytest.mark.parametrize(
    ("status", "text", "call"),
    [
        ("404", "Request for unknown model: 'wein' is not found", lambda c: c.infer("wein", [tensor("X", ROWS)])),
        ("400", "unexpected shape for input 'X'", lambda c: c.infer("wine", [tensor("X", ROWS[:, :2])])),
        ("400", "unexpected inference input 'Y'", lambda c: c.infer("wine", [tensor("Y", ROWS)])),
        ("501", "sequences are for models", lambda c: c.infer("wine", [tensor("X", ROWS)], sequence_id=3)),
        ("404", "'wein'", lambda c: c.get_model_metadata("wein")),
        ("404", "'wein'", lambda c: c.get_model_config("wein")),
        ("400", "'x'", lambda c: c.get_model_metadata("wine", "x")),
        ("404", "'wein'", lambda c: c.unload_model("wein")),
    ],
)
def test_errors(client: Any, status: str, text: str, call: Any):
    with pytest.raises(InferenceServerException) as caught:
        call(client)
    assert caught.value.status() == status and text in caught.value.message()
