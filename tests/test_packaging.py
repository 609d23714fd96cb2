"""The wheel is complete, and its SDK works with only NumPy, gRPC and protobuf."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.client.services import Worker, serving

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "build", "dist", "*.so", "*.egg-info", "__pycache__", ".*_cache")
IMPORT_THE_SDK = """
import importlib, pkgutil, pretzel, pretzel.client, pretzel.inference, pretzel.plan, pretzel.v1
for package in pretzel.client, pretzel.inference, pretzel.plan, pretzel.v1:
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
"""

PREDICT = """
import pretzel
with pretzel.Client("127.0.0.1:{port}", timeout=30) as client:
    print(client.predict("m", [[1, 2], [-3, 0]]).tolist())
"""


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout, as a user's pip does."""
    work = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, work / "source", symlinks=True, ignore=LEFT_OUT)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", work, work / "source", cwd=work)
    (wheel,) = work.glob("*.whl")
    return wheel


def test_wheel_contains_one_package_and_no_sources(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"pretzel"}
    assert {"pretzel/py.typed", "pretzel/inference/inference.binpb"} <= {*names}
    assert {"pretzel/console/templates/page.html", "pretzel/console/static/console.js"} <= {*names}
    assert not [name for name in names if name.endswith((".pyx", ".c"))]


def test_wheel_contains_every_cython_module(wheel: Path):
    built = {name.split(".")[0] for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")}
    sources = (path for room in ("kernels", "data_plane") for path in (ROOT / room).rglob("*.pyx"))
    assert built == {f"pretzel/{path.relative_to(ROOT).with_suffix('')}" for path in sources}


@pytest.mark.parametrize("protobuf", [5, 6, 7])
def test_sdk_needs_only_the_base_install(wheel: Path, protobuf: int, tmp_path: Path):
    python = tmp_path / "venv/bin/python"
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    requirement = f"protobuf>={protobuf},<{protobuf + 1}"
    run(python, "-m", "pip", "install", "-q", wheel, requirement, cwd=tmp_path)
    # Warnings are errors: newer protobufs warn before they fail.
    run(python, "-W", "error", "-c", IMPORT_THE_SDK, cwd=tmp_path)
    with serving(Worker(m=2)) as port:
        printed = run(python, "-W", "error", "-c", PREDICT.format(port=port), cwd=tmp_path)
    assert printed == "['yes', 'no']\n"
    installed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path).split()
    tools = {"pip", "setuptools", "typing_extensions"}  # the last is gRPC's
    assert {line.split("==")[0] for line in installed} - tools == {"grpcio", "numpy", "pretzel", "protobuf"}
