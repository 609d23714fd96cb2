"""A control plane and workers of both fronts with identities, for the tests of a file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pretzel.serving.identity.tokens import TokenHash, new_token

SECONDS = 30
ROLES: Mapping[str, Mapping[str, object]] = {
    "predict": {"predict": ["a/*"]},
    "read": {"read": ["a/*"]},
    "deploy": {"deploy": ["a/*"]},
    "administer": {"administer": ["a/*"]},
    "root": {"administer": ["*"]},
    "worker": {"worker": True},
    "nothing": {},
}
"""An identity for each role on the models of one team, one for all, and one without roles."""


class Identities:
    """The file of identities, and their tokens."""

    def __init__(self, folder: Path, further: str = "", roles: Mapping[str, Mapping[str, object]] = ROLES) -> None:
        self.folder, self.path = folder, folder / "identities.toml"
        self.tokens = {name: new_token() for name in roles}
        self.further = further
        self.write(roles)

    def write(self, roles: Mapping[str, Mapping[str, object]]) -> None:
        """Replace the file."""
        lines = ['contact = "ops@example.org"']
        for name, given in roles.items():
            lines += ["[[identity]]", f"name = {json.dumps(name)}", f'token = "{TokenHash.of(self.tokens[name])}"']
            lines += [f"{key} = {json.dumps(value)}" for key, value in given.items()]
        fresh = self.path.with_suffix(".new")
        fresh.write_text("\n".join([*lines, self.further]))
        os.utime(fresh, ns=(time.time_ns(), time.time_ns()))
        fresh.replace(self.path)

    def file_of(self, name: str) -> Path:
        """A file with the token of an identity."""
        file = self.folder / f"{name}.token"
        file.write_text(self.tokens[name] + "\n")
        return file

    def fields(self, name: str | None) -> list[tuple[str, str]]:
        """The metadata of an identity's calls; none for anonymous ones."""
        return [] if name is None else [("authorization", f"Bearer {self.tokens[name]}")]


@contextmanager
def worker(folder: Path, control: str, **settings: object) -> Iterator[dict[str, Any]]:
    """Run a worker; yield its ready line."""
    values = {"port": 0, "metrics_port": 0, "http": 0, "cache_dir": folder / "cache", "control_plane": control}
    values |= {"log_level": "warning", **settings}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]
    with open(folder / "worker.log", "a") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "pretzel.data_plane", *options], stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout
    try:
        line = process.stdout.readline()
        assert line, (folder / "worker.log").read_text()
        yield json.loads(line) | {"log": folder / "worker.log"}
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        finally:
            process.kill()
            process.stdout.close()
