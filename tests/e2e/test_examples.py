"""The code in the README and the quickstart works as described, against real servers."""

import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pretzel
from tests.e2e.servers import control_plane, worker

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


CONTROL = "pretzel_control_"


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """A control plane and a worker."""
    directory = tmp_path_factory.mktemp("servers")
    with control_plane(directory / "control") as control, worker(directory / "worker", control) as serving:
        yield control, serving


@pytest.fixture
def addresses(servers):
    """Addresses in the examples, and those of our servers."""
    control, serving = servers
    return {"127.0.0.1:8101": control.address, "127.0.0.1:8001": serving.address}


@pytest.fixture
def metrics_port(servers):
    """The address of the worker's metrics."""
    return servers[1].facts["metrics_port"]


def run(code, addresses, directory):
    for written, real in addresses.items():
        code = code.replace(written, real)
    done = subprocess.run([sys.executable, "-c", code], cwd=directory, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_has_its_examples():
    assert len(BLOCKS) == 2
    assert all(len([line for line in block.splitlines() if line]) <= 10 for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=["served", "compiled"])
def test_readme(block, addresses, tmp_path):
    run(block, addresses, tmp_path)


def test_every_metric_of_a_worker_is_documented(metrics_port):
    with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10) as page:
        names = set(re.findall(r"^# TYPE (pretzel_\w+) ", page.read().decode(), re.MULTILINE))
    text = (ROOT / "docs/operations.md").read_text()
    documented = {name for name in re.findall(r"`(pretzel_\w+)", text) if not name.startswith(CONTROL)}
    assert names == documented | {"pretzel_control_plane_connected"}


def test_quickstart(addresses, tmp_path):
    assert "wine@" in run((ROOT / "examples/quickstart.py").read_text(), addresses, tmp_path)
    X, y = load_wine(return_X_y=True)
    want = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y).predict_proba(X)
    with pretzel.Client(addresses["127.0.0.1:8001"], timeout=30) as client:
        assert abs(client.predict_proba("wine", X) - want).max() < 1e-9
