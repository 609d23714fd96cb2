"""`pretzel up` with mutual TLS, and the commands that use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

import pretzel
from tests.e2e.servers import STOP_SECONDS, ready
from tests.e2e.trained import IRIS
from tests.e2e.up import PATIENCE, PRETZEL, until
from tests.helpers.certificates import Authority, Pair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def start(directory: Path, pair: Pair, *arguments: object) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    ports = [f"--{name}=0" for name in ("port", "control-port", "metrics-port")]
    command = [PRETZEL, "up", "--json", *ports, "--data-dir", "data", "--tls-cert", pair.cert, "--tls-key", pair.key]
    with (directory / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, *arguments], cwd=directory, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        )
    return process, ready(process, directory / "log")


def run(*arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    return subprocess.run([PRETZEL, *map(str, arguments)], capture_output=True, text=True, env=environment, timeout=120)


def _text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.read().decode()


@pytest.mark.long
def test_deployment_and_prediction(tmp_path: Path, authority: Authority):
    pair, client = authority.issue("server"), authority.issue("client")
    path, model = tmp_path / "s", LogisticRegression(max_iter=1000).fit(IRIS.data, IRIS.target)
    joblib.dump(model, tmp_path / "m.joblib")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row.tolist()) + "\n" for row in IRIS.data[:3]))
    more = ["--tls-client-ca", authority.cert, "--listen", f"unix:{path}", "--console=0"]
    process, facts = start(tmp_path, pair, *more)
    try:
        assert facts["control"].startswith("https://127.0.0.1:") and facts["metrics"].startswith("https://")
        files = ["--tls-ca", authority.cert, "--tls-cert", client.cert, "--tls-key", client.key]
        deployed = run("deploy", "iris", tmp_path / "m.joblib", "--control", facts["control"], *files)
        assert deployed.returncode == 0, deployed.stderr
        known = {"PRETZEL_TLS_CA": authority.cert, "PRETZEL_CLIENT_CERT": client.cert, "PRETZEL_CLIENT_KEY": client.key}
        listed = run("models", "--control", facts["control"], **known)
        assert "iris" in listed.stdout, listed.stderr
        want = [str(label) for label in model.predict(IRIS.data[:3])]
        for server, options in ((facts["predictions"], files), (f"unix:{path}", [])):
            answered = run("predict", "iris", tmp_path / "rows.jsonl", "--server", server, *options)
            assert [line for line in answered.stdout.split() if line.isdigit()] == want, answered.stderr
        plain = run("models", "--control", facts["control"].removeprefix("https://"))
        assert plain.returncode == 5
        assert "the server speaks TLS; use https://" in plain.stderr
        assert "help: addresses may begin with https://" in plain.stderr
        tls = {"tls_ca": authority.cert, "tls_cert": client.cert, "tls_key": client.key}
        with pretzel.Client(facts["predictions"], timeout=PATIENCE, **tls) as predictions:
            assert predictions.predict("iris", IRIS.data).tolist() == model.predict(IRIS.data).tolist()
        console = f"{facts['console']}/workers"  # it reads the metrics by the certificate of the servers
        until(lambda: '<td class="number">1</td>' in _text(console), "metrics by TLS")
        assert "Its load is unknown" not in _text(console)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_SECONDS) == 0
        process.stdout.close()
    assert not path.exists()
