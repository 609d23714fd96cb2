"""Servers for the pages, and a process that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.blocks import ROOT, Block
from tests.e2e.up import Up, started

WARM = Path(__file__).with_name("warm.py")
PATIENCE = 250


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A `pretzel up` that all pages share."""
    with started(tmp_path_factory.mktemp("up"), "--workers=1") as running:
        yield running


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The command that runs another one in a process that has imported the libraries."""
    path = tmp_path_factory.mktemp("warm") / "socket"
    command = [sys.executable, WARM, "serve", path]
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        yield [sys.executable, "-ISE", str(WARM), "call", str(path)]
        process.kill()


@pytest.fixture
def run(up: Up, warm: list[str], tmp_path: Path) -> Callable[..., None]:
    """Run blocks in order, after the files and models that a setup makes."""

    def running(blocks: list[Block], setup: Path | None = None) -> None:
        with up.plane() as plane:
            for model in plane.models():
                plane.delete(model.name, force=True)
        tools = tmp_path / "bin"
        tools.mkdir()
        for name in ("pretzel", "python"):
            (tools / name).write_text(f'#!/bin/bash\nexec {" ".join(warm)} {name} "$@"\n')
            (tools / name).chmod(0o755)
        (tools / ".curlrc").write_text("fail-with-body\nno-progress-meter\n")  # a refusal ends the block
        sent: list[dict[str, Any]] = [block.sent() for block in blocks]
        if setup:
            sent.insert(0, Block(str(setup.relative_to(ROOT)), 1, "python", setup.read_text(), None, "").sent())
        (tmp_path / "page.json").write_text(json.dumps({"blocks": sent, "addresses": _addresses(up)}))
        work = tmp_path / "work"
        work.mkdir()
        done = subprocess.run(
            [*warm, "page", str(tmp_path / "page.json")],
            cwd=work,
            env={
                **{**os.environ, **_variables(up), "CURL_HOME": str(tools)},
                "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return running


def _addresses(up: Up) -> dict[str, str]:
    http = up.facts["http"].removeprefix("http://")
    return {"127.0.0.1:8101": up.facts["control"], "127.0.0.1:8001": up.facts["predictions"], "127.0.0.1:8080": http}


def _variables(up: Up) -> dict[str, str]:
    return {"PRETZEL_SERVER": up.facts["predictions"], "PRETZEL_CONTROL_PLANE": up.facts["control"], "COLUMNS": "80"}
