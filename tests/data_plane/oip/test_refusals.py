"""Requests that do not fit get a status and a message that names the tensor and the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import numpy as np
import pytest
from google.rpc.error_details_pb2 import BadRequest
from grpc_status import rpc_status

from pretzel.data_plane.catalog import Catalog
from pretzel.inference import service_pb2 as pb
from tests.data_plane.oip.conftest import Inferring, refusal
from tests.data_plane.oip.messages import packed, request
from tests.data_plane.oip.trained import ROWS, TEXTS

Code = grpc.StatusCode
Change = Callable[[pb.ModelInferRequest], Any]


def set_shape(*shape: int) -> Change:
    return lambda message: message.inputs[0].shape.__setitem__(slice(None), shape)


def set_raw(data: bytes) -> Change:
    return lambda message: message.raw_input_contents.__setitem__(0, data)


def parameter(name: str, **value: Any) -> Change:
    return lambda message: message.parameters[name].CopyFrom(pb.InferParameter(**value))


def of_input(name: str, **value: Any) -> Change:
    return lambda message: message.inputs[0].parameters[name].CopyFrom(pb.InferParameter(**value))


def of_output(name: str, **value: Any) -> Change:
    def change(message: pb.ModelInferRequest) -> None:
        message.outputs.add(name="predict").parameters[name].CopyFrom(pb.InferParameter(**value))

    return change


WINE: list[tuple[str, Change, str]] = [
    ("no-inputs", lambda m: m.Clear() or setattr(m, "model_name", "wine"), "expected 1 inputs but got 0"),
    ("unknown-datatype", lambda m: m.inputs[0].__setattr__("datatype", "FP128"), "unknown datatype 'FP128'"),
    ("datatype", lambda m: m.inputs[0].__setattr__("datatype", "BYTES"), "input byte size mismatch|expects 'FP64'"),
    ("no-shape", set_shape(), r"unexpected shape \[\] for input 'X' for model 'wine'"),
    ("negative", set_shape(-1, 13), "unexpected shape"),
    ("no-columns", set_shape(2**62, 0), "unexpected shape"),
    ("width", set_shape(13, 9), r"unexpected shape for input 'X' for model 'wine'. Expected \[-1,13\], got \[13,9\]"),
    ("three-dimensions", set_shape(9, 13, 1), r"Expected \[-1,13\], got \[9,13,1\]"),
    ("flat", set_shape(117), r"Expected \[-1,13\], got \[117\]"),
    ("short", set_raw(b"\0" * 80), "input byte size mismatch for input 'X' for model 'wine'. Expected 936, got 80"),
    ("two-raw", lambda m: m.raw_input_contents.append(b""), "expected 1 raw input contents for model 'wine', got 2"),
    ("both", lambda m: m.inputs[0].contents.fp64_contents.append(1), "contents field must not be specified"),
    ("unknown-input", lambda m: m.inputs[0].__setattr__("name", "Y"), "unexpected inference input 'Y' for model"),
    ("no-output", lambda m: m.outputs.add(name="score"), "unexpected inference output 'score' for model 'wine'"),
    ("twice", lambda m: m.outputs.add(name="predict") and m.outputs.add(name="predict"), "requested twice"),
    ("version", lambda m: setattr(m, "model_version", "newest"), "version should be an integer > 0"),
    ("timeout", parameter("timeout", int64_param=-1), "parameter 'timeout': .* non-negative integer, got int '-1'"),
    ("timeout-text", parameter("timeout", string_param="5"), "parameter 'timeout': .* got str '5'"),
    ("priority", parameter("priority", bool_param=True), "parameter 'priority': .* got bool 'True'"),
    ("no-value", parameter("priority"), "parameter 'priority': .* got NoneType"),
    ("reserved", parameter("triton_x", int64_param=1), "names that start with 'triton_' are reserved"),
    ("switch", parameter("binary_data_output", int64_param=1), "expected a bool, got int '1'"),
    ("classes", of_output("classification", string_param="3"), "parameter 'classification'"),
    ("size-alone", of_input("shared_memory_byte_size", int64_param=8), "shared_memory_byte_size without"),
    ("region-alone", of_input("shared_memory_region", string_param="r"), "expected shared_memory_region .string. and"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "text"), [case[1:] for case in WINE], ids=[case[0] for case in WINE])
async def test_a_wrong_request(serving: Inferring, change: Change, text: str):
    message = request("wine", X=ROWS)
    change(message)
    with pytest.raises(grpc.aio.AioRpcError, match=text) as caught:
        await serving.oip.ModelInfer(message, timeout=20)
    assert caught.value.code() is Code.INVALID_ARGUMENT
    status = rpc_status.from_call(caught.value)
    assert status is not None
    violations = BadRequest()
    assert any(detail.Unpack(violations) for detail in status.details)
    assert violations.field_violations[0].description == caught.value.details()
    assert violations.field_violations[0].field


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", "Expected at least 4, got 0"),
        (b"\x05\0\0\0abc", "Expected 9, got 7"),
        (packed([b"a"]) + b"\0", "Expected 5, got 6"),
        (b"\xff\xff\xff\xff", "Expected 4294967299, got 4"),
        (packed([b"\xff"]), "row 0: not UTF-8"),
    ],
)
async def test_raw_texts_that_do_not_fit(serving: Inferring, raw: bytes, text: str):
    message = request("text", X=np.array(["x"], object))
    message.raw_input_contents[0] = raw
    assert text in await serving.refused(message, Code.INVALID_ARGUMENT)


async def test_texts_that_are_not_utf8_name_their_row(serving: Inferring):
    message = request("text", X=np.array([b"ok", "grüße".encode(), b"\xc3"], object))
    assert "input 'X', row 2: not UTF-8" in await serving.refused(message, Code.INVALID_ARGUMENT)


async def test_numbers_that_lose_something_name_their_row(serving: Inferring):
    message = request("wine", X=np.full((3, 13), 2**53, np.int64) + np.array([[0], [0], [1]]))
    text = await serving.refused(message, Code.INVALID_ARGUMENT)
    assert text == (
        "inference input 'X' data-type is 'INT64', but model 'wine' expects 'FP64', "
        "which does not hold the value in row 2 exactly"
    )


async def test_texts_for_numbers_and_numbers_for_texts(serving: Inferring):
    message = request("wine", X=np.full((1, 13), "1", object))
    expected = "inference input 'X' data-type is 'BYTES', but model 'wine' expects 'FP64'"
    assert await serving.refused(message, Code.INVALID_ARGUMENT) == expected
    message = request("text", X=np.ones((1, 1)))
    expected = "inference input 'X' data-type is 'FP64', but model 'text' expects 'BYTES'"
    assert await serving.refused(message, Code.INVALID_ARGUMENT) == expected


async def test_columns_that_do_not_fit_each_other(serving: Inferring):
    columns: dict[str, Any] = {"size": np.ones(2), "kind": np.array(["u", "v"], object)}
    text = await serving.refused(request("table", **columns), Code.INVALID_ARGUMENT)
    assert "'note' is missing" in text and "'table'" in text
    message = request("table", **columns, note=np.array(["a"], object))
    text = await serving.refused(message, Code.INVALID_ARGUMENT)
    assert text == "input 'note' for model 'table': batch size 1, but input 'size' has 2"
    text = await serving.refused(request("table", X=np.ones((1, 3))), Code.INVALID_ARGUMENT)
    assert "a matrix holds numbers, and this model takes 'size', 'kind', 'note'" in text
    message = request("wine", **{str(i): np.ones(1) for i in range(12)})
    assert "missing required input '12'" in await serving.refused(message, Code.INVALID_ARGUMENT)
    message.inputs[1].name = "0"
    assert "input '0' for model 'wine': given twice" in await serving.refused(message, Code.INVALID_ARGUMENT)


@pytest.mark.parametrize(
    ("datatype", "field", "values", "text"),
    [
        ("FP64", "fp32_contents", [1.0] * 13, "expected fp64_contents for FP64, got fp32_contents"),
        ("FP64", "fp64_contents", [1.0] * 12, "Expected 13 elements of FP64, got 12"),
        ("FP64", "fp64_contents", [], "Expected 13 elements of FP64, got 0"),
        ("FP16", "fp32_contents", [1.0] * 13, "FP16 has raw contents only"),
        ("INT8", "int_contents", [1] * 12 + [300], "row 0: outside INT8"),
        ("UINT16", "uint_contents", [1] * 12 + [70_000], "row 0: outside UINT16"),
    ],
)
async def test_typed_contents_that_do_not_fit(serving: Inferring, datatype: str, field: str, values: list, text: str):
    message = pb.ModelInferRequest(model_name="wine")
    entry = message.inputs.add(name="X", datatype=datatype, shape=[1, 13])
    getattr(entry.contents, field).extend(values)
    assert text in await serving.refused(message, Code.INVALID_ARGUMENT)


async def test_a_bool_is_zero_or_one(serving: Inferring):
    message = request("wine", X=np.ones((1, 13), bool))
    message.raw_input_contents[0] = b"\2" * 13
    assert "a BOOL is neither 0 nor 1" in await serving.refused(message, Code.INVALID_ARGUMENT)


async def test_labels_have_no_classes(serving: Inferring):
    message = request("text", "predict", X=np.array(TEXTS, object))
    message.outputs[0].parameters["classification"].int64_param = 1
    text = await serving.refused(message, Code.INVALID_ARGUMENT)
    assert "classification needs scores, such as predict_proba" in text


async def test_unknown_models_and_versions(serving: Inferring):
    text = await serving.refused(request("wein", X=ROWS), Code.NOT_FOUND)
    assert text == "Request for unknown model: 'wein' is not found"
    assert "'' is not found" in await serving.refused(request("", X=ROWS), Code.NOT_FOUND)
    message = request("wine", X=ROWS)
    message.model_version = "7"
    assert "no version '7'" in await serving.refused(message, Code.NOT_FOUND)
    assert "no alias 'blue'" in await serving.refused(request("wine:blue", X=ROWS), Code.NOT_FOUND)


async def test_without_a_catalog(serving: Inferring):
    await serving.router.apply(Catalog())
    await serving.refused(request("wine", X=ROWS), Code.UNAVAILABLE)
    assert not (await serving.oip.ServerReady(pb.ServerReadyRequest())).ready
    assert (await serving.oip.ServerLive(pb.ServerLiveRequest())).live


async def test_a_control_plane_that_is_away(serving: Inferring):
    serving.newest = False
    assert "cannot be reached" in await serving.refused(request("wein", X=ROWS), Code.UNAVAILABLE)


@pytest.mark.parametrize("value", [{"int64_param": 3}, {"string_param": "s"}, {"uint64_param": 1}])
async def test_sequences_are_not_supported(serving: Inferring, value: dict[str, Any]):
    message = request("wine", X=ROWS)
    message.parameters["sequence_id"].CopyFrom(pb.InferParameter(**value))
    await serving.refused(message, Code.UNIMPLEMENTED)
    message.parameters["sequence_id"].int64_param = 0
    await serving.oip.ModelInfer(message)


async def test_a_timeout_that_passes(serving: Inferring):
    message = request("wine", X=ROWS)
    message.parameters["timeout"].int64_param = 1  # a microsecond
    assert "Request timeout expired" in await serving.refused(message, Code.DEADLINE_EXCEEDED)
    message.parameters["timeout"].int64_param = 20_000_000
    await serving.oip.ModelInfer(message)


async def test_a_response_that_is_too_large(serving: Inferring):
    serving.settings.max_message_bytes = 10_000
    rows = np.repeat(ROWS, 30, axis=0)
    text = await serving.refused(request("wine", "decision_function", "predict_proba", X=rows), Code.RESOURCE_EXHAUSTED)
    assert "max_message_bytes" in text
    labels = request("frame", "predict", X=np.repeat(ROWS, 120, axis=0))
    await serving.refused(labels, Code.RESOURCE_EXHAUSTED)
    sparse = request("terms", X=np.array(TEXTS * 60, object))
    await serving.refused(sparse, Code.RESOURCE_EXHAUSTED)
    await serving.oip.ModelInfer(request("wine", X=ROWS))


async def test_bytes_that_are_no_request(serving: Inferring):
    call = serving.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
    assert "cannot parse" in await refusal(call(b"\xff\xff"), Code.INVALID_ARGUMENT)
