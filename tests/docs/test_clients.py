"""The clients of docs/go.md and docs/java.md are generated, compiled and run, where their tools are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.docs.blocks import ROOT, blocks_of
from tests.e2e.up import Up

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

GO_PATH = Path("/usr/share/gocode")
JAR_FOLDER = Path("/usr/share/java")
"""Where Debian installs libraries of Go and of Java."""
JARS = (
    *("grpc-api", "grpc-context", "grpc-core", "grpc-netty", "grpc-protobuf", "grpc-protobuf-lite", "grpc-stub"),
    *("protobuf", "guava", "gson", "perfmark-api", "geronimo-annotation-1.3-spec"),
)


@pytest.fixture
def wine(up: Up) -> str:
    """The address of a worker that serves the model of the pages."""
    X, y = load_wine(return_X_y=True)
    with up.plane() as plane:
        plane.deploy("wine", make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), sample=X)
    return up.facts["predictions"]


def require(*tools: str) -> None:
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def written(page: str, directory: Path, address: str) -> list[str]:
    """Write the files of a page, and return the outputs that it shows."""
    directory.mkdir(parents=True)
    (directory / "proto").symlink_to(ROOT / "proto")
    blocks = [*blocks_of(ROOT / page)]
    for block in blocks:
        if block.title:
            (directory / block.title).write_text(block.code.replace("127.0.0.1:8001", address))
    return [block.code for block in blocks if block.language == "text"]


def run(*command: str, cwd: Path, **variables: str) -> str:
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **variables}, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_go(wine: str, tmp_path: Path) -> None:
    require("go", "protoc", "protoc-gen-go", "protoc-gen-go-grpc")
    # Version 1.5 of the older package is a layer over the newer one, which generated code needs.
    for package in ("google.golang.org/grpc/grpclog", "github.com/golang/protobuf/proto/wire.go"):
        if not (GO_PATH / "src" / package).exists():
            pytest.skip(f"not installed: {package}; golang-google-grpc-dev, golang-github-golang-protobuf-1-5-dev")
    here = tmp_path / "src/example.com/wine"
    expected = written("docs/go.md", here, wine)
    run("sh", "generate.sh", cwd=here)
    # Without modules: they would be downloaded.
    paths = {"GO111MODULE": "off", "GOPATH": f"{tmp_path}:{GO_PATH}", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    run("go", "build", "-o", "wine", ".", cwd=here, **paths)
    assert [run("./wine", cwd=here)] == expected


def test_java(wine: str, tmp_path: Path) -> None:
    require("java", "javac", "protoc", "grpc_java_plugin")
    jars = [JAR_FOLDER / f"{jar}.jar" for jar in JARS] + sorted(JAR_FOLDER.glob("netty-*.jar"))
    if missing := [jar.name for jar in jars if not jar.exists()]:
        pytest.skip(f"not installed: {', '.join(missing)} in {JAR_FOLDER}, of Debian's libgrpc-java")
    here = tmp_path / "java"
    expected = written("docs/java.md", here, wine)
    run("sh", "generate.sh", cwd=here)
    path = ":".join(map(str, [here / "classes", *jars]))
    generated = map(str, (here / "generated").rglob("*.java"))
    run("javac", "-nowarn", "-cp", path, "-d", "classes", "Wine.java", *generated, cwd=here)
    assert [run("java", "-cp", path, "Wine", cwd=here)] == expected
