"""An environment with Triton's client, which needs an older protobuf than the one of development."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
HOME = ROOT / "build/tritonclient"
REQUIREMENT = "tritonclient[grpc]>=2.60"


def python() -> Path:
    """Return the interpreter of the environment, which the first call makes."""
    HOME.parent.mkdir(exist_ok=True)
    with open(HOME.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HOME / "done").exists():
            shutil.rmtree(HOME, ignore_errors=True)
            run(sys.executable, "-m", "venv", HOME)
            run(HOME / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", REQUIREMENT)
            (HOME / "done").touch()
    return HOME / "bin/python"


def run(*command: object, **options: object) -> str:
    """Run a command, and return what it prints."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=240, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout
