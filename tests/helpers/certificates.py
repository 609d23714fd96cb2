"""Throwaway certificates, made by the `openssl` command."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path

    def replace(self, other: Pair) -> None:
        """Replace both files atomically, one after the other, as a tool that renews certificates does."""
        for old, new in ((self.cert, other.cert), (self.key, other.key)):
            copy = old.with_suffix(".new")
            shutil.copyfile(new, copy)
            copy.replace(old)


class Authority:
    """A certificate authority in a directory."""

    def __init__(self, directory: Path, name: str = "authority") -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl here")
        directory.mkdir(parents=True, exist_ok=True)
        self._directory, self._key = directory, directory / f"{name}.key"
        self.cert = directory / f"{name}.pem"
        _openssl(
            *("req", "-x509", *_new_key(self._key), "-subj", f"/CN={name}", "-days", "2", "-out", str(self.cert)),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"),
        )

    def issue(self, name: str, *, expired: bool = False) -> Pair:
        """Issue a certificate for localhost, for servers and clients."""
        pair = Pair(self._directory / f"{name}.pem", self._directory / f"{name}.key")
        request, extensions = self._directory / f"{name}.csr", self._directory / f"{name}.ext"
        _openssl("req", *_new_key(pair.key), "-subj", f"/CN={name}", "-out", str(request))
        extensions.write_text(f"{NAMES}\nextendedKeyUsage=serverAuth,clientAuth\n")
        # A negative number of days gives an end before the start: such a certificate is expired.
        _openssl(
            *("x509", "-req", "-in", str(request), "-CA", str(self.cert), "-CAkey", str(self._key)),
            *("-CAcreateserial", "-days", "-1" if expired else "2", "-extfile", str(extensions)),
            *("-out", str(pair.cert)),
        )
        return pair


def _new_key(path: Path) -> tuple[str, ...]:
    return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path)


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
