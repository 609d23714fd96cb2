"""Environments of the rivals: one for each, made on demand from its pinned requirements."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("PRETZEL_BASELINES", "build/baselines"))
INSTALL_SECONDS = 600.0


class SkippedError(Exception):
    """A rival cannot be measured here; the message says why, in one line."""


def python_of(name: str, *, install: bool) -> Path:
    """Return the interpreter of a rival's environment; with ``install``, make the environment if it is not there.

    Raises:
        SkippedError: it is not installed, or cannot be.
    """
    requirements = HERE / "requirements" / f"{name}.txt"
    if not requirements.exists():
        raise SkippedError(f"{name}: {requirements} does not exist")
    folder = FOLDER / name
    digest, stamp = hashlib.sha256(requirements.read_bytes()).hexdigest(), folder / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return folder / "bin/python"
    if not install:
        raise SkippedError(f"{name}: not installed; measure with install=True, which fills {folder}")
    _install(name, folder, requirements)
    stamp.write_text(digest)
    return folder / "bin/python"


def _install(name: str, folder: Path, requirements: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin/python")
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(requirements)]
    try:
        for command in ([sys.executable, "-m", "venv", str(folder)], pip):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise SkippedError(f"{name}: pip took over {INSTALL_SECONDS:.0f} s") from None
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines() or ["no message"]
        raise SkippedError(f"{name}: cannot be installed: {said[-1][:200]}") from None
