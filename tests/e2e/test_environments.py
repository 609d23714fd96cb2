"""A Python stage of another environment: fitted in a virtual environment, served by one, and refused without it."""

from __future__ import annotations

import json
import os
import re
import site
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest

import pretzel
from pretzel.client import Client
from pretzel.errors import PreconditionError
from pretzel.isolation.side import landlock, seccomp
from tests.e2e.servers import server

X = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25], [4.0, 1.0]])
CODE = "def moved(row):\n    return [value {} for value in row]\n"
FIT = """
import json, sys
import numpy as np
import tinylib
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from pretzel.client import ControlPlane

class Moved(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return np.array([tinylib.moved(row) if row[0] > 0 else row for row in X.tolist()])

X = np.array(json.loads(sys.argv[2]))
model = make_pipeline(Moved(), LogisticRegression()).fit(X, [0, 1, 0, 1])
with ControlPlane(sys.argv[1]) as plane:
    plane.deploy("moved", model, sample=X, python="isolated", wait=False)
print(json.dumps(model.predict_proba(X).tolist()))
"""
pytestmark = pytest.mark.skipif(
    not (landlock.version() and seccomp.is_known()), reason="the kernel has no Landlock, or no filter for this machine"
)


def environment(place: Path, version: str, code: str) -> Path:
    """Make a virtual environment with the packages of this one, and with a small package of a version."""
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text("\n".join(site.getsitepackages()))
    (packages / "tinylib.py").write_text(code)
    about = packages / f"tinylib-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: tinylib\nVersion: {version}\n")
    (about / "top_level.txt").write_text("tinylib\n")
    (about / "RECORD").write_text(f"tinylib.py,,\n{about.name}/METADATA,,\n")
    return place


def fitted(place: Path, control: str) -> np.ndarray:
    """Fit and deploy a model in an environment; return its probabilities."""
    source = str(Path(pretzel.__file__).parents[1])
    command = [place / "bin" / "python", "-c", FIT, control, json.dumps(X.tolist())]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": source}, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return np.array(json.loads(done.stdout))


@pytest.mark.long
def test_a_worker_serves_a_stage_of_an_environment_that_it_is_given(tmp_path: Path) -> None:
    environments = tmp_path / "environments"
    environments.mkdir()
    settings = {"data_dir": tmp_path / "c" / "data", "control_port": 0, "control_metrics_port": 0}
    with server("control-plane", tmp_path / "c", **settings) as control:
        mine = {"cache_dir": tmp_path / "w" / "cache", "control_plane": control.address, "port": 0, "metrics_port": 0}
        also = {"python_stages": "true", "python_environments": environments}
        with server("worker", tmp_path / "w", **mine, **also) as worker, Client(worker.address) as client:
            expected = fitted(environment(tmp_path / "fitted", "2.0", CODE.format("* 2")), control.address)

            lacking = "step pipeline.moved: the worker's own environment lacks tinylib 2.0; make "
            with pytest.raises(PreconditionError, match=lacking) as refusal:
                client.predict_proba("moved", X)
            place = (
                rf"make ({re.escape(str(environments))}/[0-9a-f]{{16}}) a virtual environment of Python 3\.\d+ with "
            )
            found = re.search(place + r"`pip install cloudpickle .*numpy==\S+ .*tinylib==2\.0`", str(refusal.value))
            assert found is not None, str(refusal.value)

            place = Path(found[1])
            place.symlink_to(environment(tmp_path / "older", "1.0", CODE.format("+ 1")))
            with pytest.raises(PreconditionError, match=rf"{place} lacks tinylib 2.0 \(it has 1.0\)"):
                client.predict_proba("moved", X)

            place.unlink()
            place.symlink_to(tmp_path / "fitted")
            np.testing.assert_allclose(client.predict_proba("moved", X), expected, rtol=1e-12)
            assert "tinylib" not in sys.modules
