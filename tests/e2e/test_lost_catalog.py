"""The catalog of a running installation is lost: nothing is dropped until its operator confirms it."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import pretzel
from pretzel.errors import NotFoundError
from tests.e2e.up import PATIENCE, PRETZEL, Up, started, until

X = np.random.default_rng(3).normal(size=(30, 4))
MODEL = LinearRegression().fit(X, X @ np.arange(4.0))


def stop(up: Up) -> None:
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(PATIENCE) == 0


def held(up: Up) -> bool:
    text = urllib.request.urlopen(up.facts["metrics"], timeout=10).read().decode()
    return "pretzel_epoch_held 1.0" in text


def fsck(directory: Path, *options: str) -> tuple[int, list[dict[str, object]]]:
    """Check as a user does; without caches, which `pretzel up` puts next to the store in its data directory."""
    command = [str(PRETZEL), "fsck", "--json", f"--data-dir={directory}/data", *options]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.stderr == ""
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.long
def test_a_lost_catalog(tmp_path: Path):
    objects = tmp_path / "data" / "control" / "objects"
    with started(tmp_path) as up:
        up.plane().deploy("m", MODEL, sample=X)
        np.testing.assert_allclose(up.client().predict("m", X), MODEL.predict(X))
        stop(up)
    assert fsck(tmp_path) == (0, [])
    old, there = json.loads((objects / "epoch").read_text())["epoch"], set(objects.glob("??/*"))
    for path in (tmp_path / "data" / "control").glob("catalog.sqlite*"):
        path.unlink()

    refused = [str(PRETZEL), "up", "--port=0", "--control-port=0", "--metrics-port=0", f"--data-dir={tmp_path}/data"]
    ran = subprocess.run(refused, capture_output=True, text=True, timeout=PATIENCE)
    assert ran.returncode == 6
    assert "its catalog.sqlite is missing or empty" in ran.stderr
    assert "--new" in ran.stderr
    code, (finding,) = fsck(tmp_path, "--repair")
    assert (code, finding["repaired"]) == (1, False)

    with started(tmp_path, "--new") as up:
        until(lambda: held(up), "the hold")
        np.testing.assert_allclose(up.client().predict("m", X), MODEL.predict(X))
        assert up.plane().models() == []
        stop(up)
    assert set(objects.glob("??/*")) == there
    with started(tmp_path, "--new", f"--replaces={old}") as up:
        until(lambda: not held(up), "the change")
        with pretzel.Client(up.facts["predictions"]) as client:
            until(lambda: _is_gone(client), "the model to go")
        stop(up)
    code, (finding,) = fsck(tmp_path, "--repair")
    assert (code, finding["repaired"]) == (0, True)
    with started(tmp_path) as up:
        until(lambda: not set(objects.glob("??/*")), "the collection")


def _is_gone(client: pretzel.Client) -> bool:
    try:
        client.predict("m", X)
    except NotFoundError:
        return True
    return False
