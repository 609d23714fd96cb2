"""Certificates in files that tests replace, and a clock that they move."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pretzel.serving.tls import CHECK_SECONDS
from tests.helpers.certificates import Authority, Pair

SECONDS = 10
VERSIONS = ("1_1", False), ("1_2", True), ("1_3", True)
"""Versions of TLS, and whether they are accepted."""


class Clock:
    """A clock that tests move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_check(self) -> None:
        self.now += CHECK_SECONDS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def pairs(authority: Authority) -> tuple[Pair, Pair]:
    return authority.issue("first"), authority.issue("second")


@pytest.fixture
def pair(pairs: tuple[Pair, Pair], tmp_path: Path) -> Pair:
    """The first pair, in files that a test may replace."""
    return Pair(
        shutil.copyfile(pairs[0].cert, tmp_path / "cert.pem"), shutil.copyfile(pairs[0].key, tmp_path / "key.pem")
    )


def run(work: Any, loop_factory: Any) -> Any:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(asyncio.wait_for(work, SECONDS))


def connects(port: int, version: str) -> bool:
    """Return whether a client of one version of TLS, such as ``1_2``, is accepted."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", f"-tls{version}"]
    command += ["-cipher", "DEFAULT:@SECLEVEL=0"]  # else the client itself refuses TLS 1.1
    result = subprocess.run(command, input="", capture_output=True, text=True, timeout=SECONDS)
    assert "CONNECTED" in result.stdout
    return "Cipher is ECDHE" in result.stdout or "Cipher is TLS_" in result.stdout
