"""Cases of metadata, statistics, the repository, shared memory and settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import tritonclient.grpc as triton
from support import WANT, Client, refused, wine
from tritonclient.utils import serialize_byte_tensor, shared_memory


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
