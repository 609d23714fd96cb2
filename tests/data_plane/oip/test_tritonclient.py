"""Triton's own client, unmodified, over its documented use, and in one process with Pretzel's messages."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.data_plane.oip.conftest import Inferring
from tests.data_plane.oip.environment import ROOT, python, run
from tests.data_plane.oip.trained import ROWS, TEXTS, WINE, estimators

SUITE = Path(__file__).with_name("triton")
CASES = [
    node.name
    for path in sorted(SUITE.glob("*.py"))
    for node in ast.parse(path.read_text()).body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("case_")
]
OURS = "from pretzel.inference import service_pb2 as ours"
THEIRS = "import tritonclient.grpc; from tritonclient.grpc import service_pb2 as theirs"
EXCHANGE = """
from pretzel.inference.pool import POOL
sent = ours.ModelInferRequest(model_name="m", raw_input_contents=[b"abc"])
sent.parameters["priority"].uint64_param = 3
read = theirs.ModelInferRequest.FromString(sent.SerializeToString())
assert (read.model_name, read.raw_input_contents[0], read.parameters["priority"].uint64_param) == ("m", b"abc", 3)
assert sent.DESCRIPTOR.full_name == read.DESCRIPTOR.full_name == "inference.ModelInferRequest"

def shape(field):
    kinds = [getattr(field, name) and getattr(field, name).full_name for name in ("message_type", "enum_type")]
    return field.name, field.number, field.type, field.is_repeated, kinds

def compare(own):
    other = read.DESCRIPTOR.file.pool.FindMessageTypeByName(own.full_name)
    theirs = {field.number: shape(field) for field in other.fields}
    for field in own.fields:
        assert shape(field) == theirs.pop(field.number), (own.full_name, field.name)
    assert not theirs or own.file.name.endswith("model_config.proto"), (own.full_name, theirs)
    for nested in own.nested_types:
        compare(nested)
    return 1

files = map(POOL.FindFileByName, ("inference/service.proto", "inference/model_config.proto"))
print(sum(compare(message) for file in files for message in file.message_types_by_name.values()))
"""


@contextmanager
def running(path: Path) -> Iterator[int]:
    """Serve in a thread, and yield the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(_started(path), loop).result(60)
    try:
        yield serving.port
    finally:
        asyncio.run_coroutine_threadsafe(serving.stop(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _started(path: Path) -> Inferring:
    serving = Inferring(path, queue=1024)
    await serving.start()
    return serving


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outcome of each case: a traceback, or nothing."""
    path = tmp_path_factory.mktemp("triton")
    models = estimators()
    np.savez(
        path / "answers.npz",
        rows=ROWS,
        predict=models["wine"].predict(ROWS),
        predict_proba=models["wine"].predict_proba(ROWS),
        frame_labels=models["frame"].predict(WINE.data.iloc[::20]),
        texts=np.array(TEXTS),
        text_labels=models["text"].predict(TEXTS),
        text_proba=models["text"].predict_proba(TEXTS),
    )
    with running(path / "cache") as port:
        outcome: dict[str, str] = json.loads(run(python(), SUITE, f"127.0.0.1:{port}", path / "answers.npz"))
    assert sorted(outcome) == sorted(CASES)
    return outcome


@pytest.mark.parametrize("case", CASES)
def test_documented_use(results: dict[str, str], case: str):
    assert not results[case], results[case]


@pytest.mark.parametrize("imports", [(OURS, THEIRS), (THEIRS, OURS)], ids=["ours-first", "theirs-first"])
def test_both_copies_in_one_process(imports: tuple[str, str]):
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    compared = int(run(python(), "-c", "\n".join((*imports, EXCHANGE)), env=environment))
    written = "".join(path.read_text() for path in (ROOT / "proto/inference").glob("*.proto"))
    assert compared == len(re.findall(r"^message ", written, re.MULTILINE))
