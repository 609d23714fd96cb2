"""Other implementations of HTTP/2 as clients: curl, nghttp and h2load, where they are installed."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.data_plane.transport.echo import Served, path
from tests.data_plane.transport.peer import message

HEADERS = ("content-type: application/grpc", "te: trailers")


async def run(*command: str) -> str:
    """Run a command, or skip without it; return what it prints."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, output.decode(errors="replace")
    return output.decode(errors="replace")


@pytest.fixture
def body(tmp_path: Path) -> str:
    file = tmp_path / "body"
    file.write_bytes(message(b"a" * 100_000))
    return str(file)


def url(served: Served, method: str) -> str:
    return f"http://{served.target}{path(method)}"


def fields() -> list[str]:
    return [part for header in HEADERS for part in ("-H", header)]


@pytest.mark.parametrize("method", ["Unary", "Fast", "Chat"])
async def test_curl(served: Served, body: str, tmp_path: Path, method: str):
    answer = tmp_path / "answer"
    command = ["curl", "-sS", "--http2-prior-knowledge", *fields(), "--data-binary", f"@{body}", "-o", str(answer)]
    printed = await run(*command, "-D", "-", url(served, method))
    assert "HTTP/2 200" in printed
    assert re.search(r"grpc-status: 0\s", printed)
    assert answer.read_bytes() == Path(body).read_bytes()


async def test_curl_without_grpc(native: Served):
    printed = await run("curl", "-sS", "--http2-prior-knowledge", "-D", "-", url(native, "Unary"))
    assert "HTTP/2 405" in printed


async def test_nghttp(served: Served, body: str):
    printed = await run("nghttp", "-v", *fields(), "-d", body, url(served, "Unary"))
    assert "grpc-status: 0" in printed
    assert "error_code=NO_ERROR" in printed or "GOAWAY" in printed


async def test_nghttp_with_padding(native: Served, body: str):
    printed = await run("nghttp", "-v", "-b", "200", *fields(), "-d", body, url(native, "Fast"))
    assert "PADDED" in printed
    assert "grpc-status: 0" in printed


async def test_nghttp_with_continuations(native: Served, body: str):
    """Its test sends more than 16 KiB of fields."""
    printed = await run("nghttp", "-v", "--continuation", *fields(), "-d", body, url(native, "Fast"))
    assert "grpc-status: 8" in printed


@pytest.mark.parametrize("method", ["Unary", "Fast"])
async def test_h2load(served: Served, body: str, method: str):
    load = ["h2load", "-n", "400", "-c", "4", "-m", "8", *fields(), "-d", body, url(served, method)]
    printed = await run(*load)
    assert "400 succeeded, 0 failed, 0 errored, 0 timeout" in printed
    assert "400 2xx" in printed
