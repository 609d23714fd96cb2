"""Shared memory: regions are read and written where the client says, and no region can end the server."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from pretzel.data_plane.oip.shared_memory import DIRECTORY, MOST_REGIONS, Regions
from pretzel.data_plane.settings import Settings
from pretzel.errors import ExhaustedError
from pretzel.inference import service_pb2 as pb
from tests.data_plane.oip.conftest import Inferring, refusal
from tests.data_plane.oip.messages import request, unpacked
from tests.data_plane.oip.trained import ROWS, WINE, estimators

Code = grpc.StatusCode


@pytest.fixture
def region() -> Iterator[Path]:
    path = DIRECTORY / f"pretzel-{secrets.token_hex(6)}"
    path.write_bytes(bytes(1 << 16))
    yield path
    path.unlink(missing_ok=True)


async def register(serving: Inferring, name: str, key: str, size: int, offset: int = 0) -> None:
    message = pb.SystemSharedMemoryRegisterRequest(name=name, key=key, offset=offset, byte_size=size)
    await serving.oip.SystemSharedMemoryRegister(message)


def placed(tensor, name: str, size: int, offset: int = 0) -> None:
    tensor.parameters["shared_memory_region"].string_param = name
    tensor.parameters["shared_memory_byte_size"].int64_param = size
    if offset:
        tensor.parameters["shared_memory_offset"].int64_param = offset


def in_region(name: str, size: int = ROWS.nbytes, offset: int = 0) -> pb.ModelInferRequest:
    message = request("wine", "predict", X=ROWS)
    placed(message.inputs[0], name, size, offset)
    del message.raw_input_contents[:]
    return message


async def test_inputs_and_outputs(serving: Inferring, region: Path):
    await register(serving, "r", f"/{region.name}", 40_000, 64)
    with open(region, "r+b") as file:
        file.seek(64 + 128)
        file.write(ROWS.tobytes())
    message = in_region("r", offset=128)
    placed(message.outputs[0], "r", 1000, 30_000)
    message.outputs.add(name="decision_function")
    answer = await serving.oip.ModelInfer(message)
    want = estimators()["wine"].predict(ROWS)
    assert answer.raw_output_contents[0] == b""
    parameters = answer.outputs[0].parameters
    assert parameters["shared_memory_region"].string_param == "r"
    assert parameters["shared_memory_byte_size"].int64_param == 8 * len(ROWS)
    assert parameters["shared_memory_offset"].int64_param == 30_000
    at = 64 + 30_000
    written = np.frombuffer(region.read_bytes()[at : at + 8 * len(ROWS)], np.int64)
    np.testing.assert_array_equal(written, want)
    assert len(answer.raw_output_contents[1]) == 8 * 3 * len(ROWS)


async def test_texts(serving: Inferring, region: Path):
    await register(serving, "r", region.name, 4096)
    message = request("frame", "predict", X=ROWS)
    placed(message.outputs[0], "r", 4096)
    answer = await serving.oip.ModelInfer(message)
    size = answer.outputs[0].parameters["shared_memory_byte_size"].int64_param
    labels = [label.decode() for label in unpacked(region.read_bytes()[:size])]
    assert labels == estimators()["frame"].predict(WINE.data.iloc[::20]).tolist()


async def test_status_and_unregistering(serving: Inferring, region: Path):
    await register(serving, "a", region.name, 100)
    await register(serving, "b", region.name, 200, 8)
    status = await serving.oip.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest())
    assert {name: (r.name, r.key, r.offset, r.byte_size) for name, r in status.regions.items()} == {
        "a": ("a", region.name, 0, 100),
        "b": ("b", region.name, 8, 200),
    }
    one = await serving.oip.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest(name="b"))
    assert list(one.regions) == ["b"]
    text = await refusal(register(serving, "a", region.name, 10), Code.ALREADY_EXISTS)
    assert text == "shared memory region 'a' already in manager"
    await serving.oip.SystemSharedMemoryUnregister(pb.SystemSharedMemoryUnregisterRequest(name="a"))
    await serving.oip.SystemSharedMemoryUnregister(pb.SystemSharedMemoryUnregisterRequest(name="a"))
    call = serving.oip.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest(name="a"))
    assert "Unable to find shared memory region: 'a'" in await refusal(call, Code.NOT_FOUND)
    await serving.oip.SystemSharedMemoryUnregister(pb.SystemSharedMemoryUnregisterRequest())
    assert not (await serving.oip.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest())).regions
    assert not list(serving.inference.regions)


@pytest.mark.parametrize(
    "key",
    ["", "/", ".", "..", "../etc/passwd", "/../etc/passwd", "a/b", "//a", "sem.x", "nothing", "\udcff", "x" * 300],
)
async def test_keys_that_are_no_shared_memory(serving: Inferring, key: str):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await register(serving, "r", key.encode(errors="ignore").decode(), 8)
    assert caught.value.code() is Code.INVALID_ARGUMENT


async def test_files_that_are_no_shared_memory(serving: Inferring, region: Path, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret!!")
    link, pipe, directory = (region.with_name(f"{region.name}-{kind}") for kind in ("link", "pipe", "directory"))
    link.symlink_to(secret)
    os.mkfifo(pipe)
    directory.mkdir()
    try:
        for path in link, pipe, directory:
            await refusal(register(serving, "r", path.name, 8), Code.INVALID_ARGUMENT)
    finally:
        link.unlink()
        pipe.unlink()
        directory.rmdir()


@pytest.mark.parametrize(("size", "offset"), [(0, 0), (1 << 17, 0), (1, 1 << 16), (1 << 16, 1), (2**63, 2**63)])
async def test_regions_outside_their_file(serving: Inferring, region: Path, size: int, offset: int):
    text = await refusal(register(serving, "r", region.name, size, offset), Code.INVALID_ARGUMENT)
    assert text == "Invalid offset + byte size for shared memory region: 'r'"


async def test_tensors_outside_their_region(serving: Inferring, region: Path):
    await register(serving, "r", region.name, 1000)
    for message in in_region("r", 1001), in_region("r", 8, 1000), in_region("r", 2**62, 2**62):
        assert "Invalid offset + byte size" in await serving.refused(message, Code.INVALID_ARGUMENT)
    assert "input byte size mismatch" in await serving.refused(in_region("r", 8), Code.INVALID_ARGUMENT)
    await serving.refused(in_region("other"), Code.NOT_FOUND)
    message = request("wine", "predict", X=ROWS)
    placed(message.outputs[0], "r", 8)
    text = await serving.refused(message, Code.INVALID_ARGUMENT)
    assert f"for output 'predict' (8 bytes) should be at least {8 * len(ROWS)} bytes" in text


async def test_a_file_that_becomes_shorter(serving: Inferring, region: Path):
    await register(serving, "r", region.name, 1 << 16)
    os.truncate(region, 10)
    assert "has become shorter" in await serving.refused(in_region("r"), Code.INVALID_ARGUMENT)
    message = request("wine", "predict", X=ROWS)
    placed(message.outputs[0], "r", 1000)
    assert "has become shorter" in await serving.refused(message, Code.INVALID_ARGUMENT)
    assert region.stat().st_size == 10
    await serving.infer("wine", X=ROWS)


async def test_an_input_in_shared_memory_has_no_raw_entry(serving: Inferring, region: Path):
    region.write_bytes(np.arange(2.0).tobytes() + bytes(1 << 10))
    await register(serving, "r", region.name, 16)
    message = request(
        "table",
        "decision_function",
        size=np.zeros(2),
        kind=np.array(["u", "v"], object),
        note=np.array(["a", "b"], object),
    )
    want = await serving.infer(
        "table",
        "decision_function",
        size=np.arange(2.0),
        kind=np.array(["u", "v"], object),
        note=np.array(["a", "b"], object),
    )
    placed(message.inputs[0], "r", 16)
    del message.raw_input_contents[0]
    answer = await serving.oip.ModelInfer(message)
    np.testing.assert_array_equal(np.frombuffer(answer.raw_output_contents[0]), want["decision_function"].ravel())


async def test_shared_memory_that_is_turned_off(tmp_path: Path, region: Path):
    serving = Inferring(tmp_path, shared_memory=False)
    await serving.start("wine")
    await refusal(register(serving, "r", region.name, 8), Code.FAILED_PRECONDITION)
    await serving.refused(in_region("r"), Code.FAILED_PRECONDITION)
    await serving.stop()


def test_the_default_depends_on_the_address():
    assert Settings(host="127.0.0.1").shares_memory
    assert not Settings(host="0.0.0.0", insecure=True).shares_memory
    assert Settings(host="0.0.0.0", insecure=True, shared_memory=True).shares_memory
    assert not Settings(host="127.0.0.1", shared_memory=False).shares_memory


def test_regions_are_bounded(region: Path):
    regions = Regions(enabled=True)
    for i in range(MOST_REGIONS):
        regions.register(str(i), region.name, 0, 8)
    with pytest.raises(ExhaustedError, match="unregister some"):
        regions.register("more", region.name, 0, 8)
    regions.unregister("")


async def test_cuda(serving: Inferring):
    assert not (await serving.oip.CudaSharedMemoryStatus(pb.CudaSharedMemoryStatusRequest())).regions
    message = pb.CudaSharedMemoryRegisterRequest(name="r", raw_handle=b"x", byte_size=8)
    await refusal(serving.oip.CudaSharedMemoryRegister(message), Code.UNIMPLEMENTED)
    named = pb.CudaSharedMemoryUnregisterRequest(name="r")
    await refusal(serving.oip.CudaSharedMemoryUnregister(named), Code.UNIMPLEMENTED)
    await serving.oip.CudaSharedMemoryUnregister(pb.CudaSharedMemoryUnregisterRequest())  # all: there are none
