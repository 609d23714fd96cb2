"""`pretzel up` whose catalog is in PostgreSQL and whose objects are in S3."""

from __future__ import annotations

import re
import signal
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pretzel.control_plane.fsck import check_directory
from pretzel.errors import PreconditionError
from tests.control_plane.conftest import Postgres
from tests.control_plane.serve.test_process import run
from tests.e2e.up import PATIENCE, Up, started
from tests.helpers.s3 import S3

X = np.random.default_rng(3).normal(size=(40, 9000))


def model(seed: int) -> object:
    """A model whose parameters are larger than what is kept in memory."""
    return make_pipeline(StandardScaler(), LinearRegression()).fit(X, X[:, seed] + X[:, 0])


def stop(up: Up) -> None:
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(PATIENCE) == 0


def test_a_system_over_a_database_and_s3(s3: S3, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It deploys, predicts, deploys again, deletes, collects, restarts, and is sound."""
    catalog, store = str(postgres.new()), s3.url()
    monkeypatch.setenv("PRETZEL_CATALOG", catalog)
    monkeypatch.setenv("PRETZEL_STORE", store)
    monkeypatch.setenv("PRETZEL_DIRECT_BYTES", "65536")  # the worker fetches the coefficients from S3 itself
    first, second = model(1), model(2)
    with started(tmp_path) as up:
        with up.plane() as plane, up.client() as client:
            plane.deploy("m", first, sample=X[:10])
            np.testing.assert_allclose(client.predict("m", X[:3]), first.predict(X[:3]), rtol=1e-9)
            plane.deploy("m", second, sample=X[:10])
            np.testing.assert_allclose(client.predict("m", X[:3]), second.predict(X[:3]), rtol=1e-9)
            numbers = urllib.request.urlopen(up.facts["metrics"], timeout=PATIENCE).read().decode()
            assert float(re.findall(r"^pretzel_direct_bytes_total (\S+)$", numbers, re.M)[0]) > 2 * X.shape[1] * 8
            assert re.findall(r"^pretzel_direct_failures_total (\S+)$", numbers, re.M) == ["0.0"]
            plane.delete("m@1")
            assert plane.collect_garbage().objects > 0
        stop(up)
    ports = {"control_port": 0, "control_metrics_port": 0}
    other = run(data_dir=tmp_path / "other", store=store, catalog=tmp_path / "other.sqlite", **ports)
    assert f"store {store.partition('?')[0]}: it holds objects of epoch" in other.stderr
    assert "its other.sqlite is missing or empty" in other.stderr
    control = tmp_path / "data" / "control"
    assert {path.name for path in control.iterdir()} >= {"copies", "lock"}
    assert not (control / "objects").exists()
    assert list(check_directory(control, url=store, catalog=catalog)) == []
    with pytest.raises(PreconditionError, match="not the data directory of a control plane"):
        list(check_directory(tmp_path / "typo", url=store, catalog=catalog))
    assert not (tmp_path / "typo").exists()
    with started(tmp_path) as up, up.client() as client:
        np.testing.assert_allclose(client.predict("m", X[:3]), second.predict(X[:3]), rtol=1e-9)
