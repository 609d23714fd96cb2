"""Clients retry when a worker dies during its answer, and lose no answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from pretzel import errors

DYING = """
import os, time
import grpc
from tests.client.services import Worker, serving

class Dying(Worker):
    def Predict(self, request, context):
        context.send_initial_metadata(())
        time.sleep(0.2)
        os._exit(1)

    PredictMany = Predict

with serving(Dying(m=2)) as port:
    print(port, flush=True)
    time.sleep(60)
"""


@contextmanager
def dying() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run a worker that dies during its first answer."""
    process = subprocess.Popen([sys.executable, "-c", DYING], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}", process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("method", ["predict_proba", "predict_many"])
def test_an_answer_that_is_cut_off_is_retried(connect: Any, address: str, method: str) -> None:
    with dying() as (other, process):
        client = connect(f"ipv4:{address},{other}", timeout=20)
        models = ["m"] if method == "predict_many" else "m"
        for _ in range(200):
            got = getattr(client, method)(models, np.ones((1, 2)))
            np.testing.assert_array_equal(got["m"] if isinstance(got, dict) else got, [[-1.0, 2.0]])
            if process.poll() is not None:
                break
        assert process.poll() == 1


def test_a_single_worker_that_dies_is_unavailable(connect: Any) -> None:
    with dying() as (address, process):
        client = connect(address, timeout=20)
        client.describe("m")
        with pytest.raises(errors.UnavailableError, match=address):
            client.predict("m", np.ones((1, 2)))
        assert process.wait(10) == 1
