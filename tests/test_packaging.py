"""The source distribution and the wheel are complete, and work in environments of their own, outside the checkout."""

import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.client.services import Worker, serving
from tests.e2e import up

ROOT = Path(__file__).parents[1]

ROOMS = ("kernels", "data_plane", "control_plane")
"""Folders that are linked into src/pretzel."""
BUILT_FROM = {".py", ".pyi", ".pyx", ".pxd", ".h", ".mako", ".binpb", ".json", ".typed", ".html", ".css", ".js", ".svg"}
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
BUILD_AN_SDIST = "import sys, setuptools.build_meta as backend; print(backend.build_sdist(sys.argv[1]))"


def run(*command: object, cwd: Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and ((ROOT / name).is_symlink() or (ROOT / name).exists())]


def environment(directory: Path, *requirements: object) -> Path:
    """Return the Python of a new environment with these packages."""
    run(sys.executable, "-m", "venv", directory, cwd=directory.parent)
    python = directory / "bin/python"
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements, cwd=directory)
    return python


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution from the tracked files."""
    work = tmp_path_factory.mktemp("sdist")
    for name in tracked():
        (work / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, work / "tree" / name, follow_symlinks=False)
    run(sys.executable, "-c", BUILD_AN_SDIST, work, cwd=work / "tree")
    [sdist] = work.glob("*.tar.gz")
    return sdist


@pytest.fixture(scope="session")
def wheel(sdist: Path) -> Path:
    """Build the wheel from the source distribution, as a user's pip does."""
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", sdist.parent, sdist, cwd=sdist.parent)
    [wheel] = sdist.parent.glob("*.whl")
    return wheel


def test_kernels_are_compiled_for_any_processor_of_the_architecture():
    flags = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["FLAGS"]
    assert not [flag for flag in flags if flag.startswith("-m")], "kernels pick instruction sets when they run"


def test_sdist_contains_what_a_build_needs_and_nothing_else(sdist: Path):
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    wanted = {name for name in tracked() if name.startswith(("src/", "proto/")) and Path(name).suffix in BUILT_FROM}
    wanted |= {
        f"src/pretzel/{name}" for name in tracked() if name.startswith(ROOMS) and Path(name).suffix in BUILT_FROM
    }
    wanted |= {"setup.py", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "MANIFEST.in"}
    assert wanted - names == set()
    extra = {name for name in names - wanted if not name.startswith(("src/pretzel.egg-info/", "proto/"))}
    assert extra == {"PKG-INFO", "setup.cfg"}


@pytest.mark.long
@pytest.mark.timeout(2400)
class TestWheel:
    def test_contains_one_package_and_no_sources(self, wheel: Path):
        names = zipfile.ZipFile(wheel).namelist()
        assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"pretzel"}
        assert {"pretzel/py.typed", "pretzel/inference/inference.binpb"} <= {*names}
        assert {"pretzel/console/templates/page.html", "pretzel/console/static/console.js"} <= {*names}
        assert not [name for name in names if name.endswith((".pyx", ".c"))]

    def test_contains_every_cython_module(self, wheel: Path):
        built = {name.split(".")[0] for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")}
        sources = (path for room in ("kernels", "data_plane") for path in (ROOT / room).rglob("*.pyx"))
        assert built == {f"pretzel/{path.relative_to(ROOT).with_suffix('')}" for path in sources}

    def test_is_of_a_manylinux_policy(self, wheel: Path):
        pytest.importorskip("auditwheel")
        shown = run(sys.executable, "-m", "auditwheel", "show", wheel, cwd=wheel.parent)
        assert re.search(r'platform tag: "manylinux_2_\d+_\w+"', " ".join(shown.split()))

    @pytest.mark.parametrize("protobuf", [5, 6, 7])
    def test_sdk_needs_only_the_base_install(self, wheel: Path, protobuf: int, tmp_path: Path):
        python = environment(tmp_path / "venv", wheel, f"protobuf>={protobuf},<{protobuf + 1}")
        asks_a_server(python, tmp_path)
        installed = run(python, "-m", "pip", "list", "--format=freeze", cwd=tmp_path).split()
        tools = {"pip", "setuptools", "typing_extensions"}  # the last is gRPC's
        assert {line.split("==")[0] for line in installed} - tools == {"grpcio", "numpy", "pretzel", "protobuf"}

    @pytest.mark.skipif(sys.version_info >= (3, 12), reason="the oldest NumPy has no wheels for this Python")
    def test_sdk_works_with_the_oldest_versions(self, wheel: Path, tmp_path: Path):
        needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
        oldest = [re.sub(r">=([\d.]+).*", r"==\1.*", requirement) for requirement in needed]
        asks_a_server(environment(tmp_path / "venv", wheel, *oldest), tmp_path)

    def test_the_readme_works_outside_the_checkout(self, wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        python = environment(tmp_path / "venv", f"pretzel[all] @ {wheel.as_uri()}")
        monkeypatch.delenv("PYTHONPATH", raising=False)
        monkeypatch.setattr(up, "PRETZEL", python.with_name("pretzel"))
        served, compiled = re.findall(
            r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
        )
        with up.started(tmp_path / "up") as running:
            for written, real in (("8101", running.facts["control"]), ("8001", running.facts["predictions"])):
                served = served.replace(f"127.0.0.1:{written}", real)
            assert run(python, "-c", served, cwd=tmp_path).startswith("[[0.9")
        run(python, "-c", compiled, cwd=tmp_path)


def asks_a_server(python: Path, directory: Path) -> None:
    """Import the SDK and predict; warnings are errors, because newer protobufs warn before they fail."""
    run(python, "-W", "error", "-c", IMPORT_THE_SDK, cwd=directory)
    with serving(Worker(m=2)) as port:
        printed = run(python, "-W", "error", "-c", PREDICT.format(port=port), cwd=directory)
    assert printed == "['yes', 'no']\n"
