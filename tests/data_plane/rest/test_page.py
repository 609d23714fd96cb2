"""The commands of the documents work as they are written, but for the address."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.data_plane.rest.served import Worker

ROOT = Path(__file__).parents[3]
BLOCKS = [
    block
    for page in ("README.md", "docs/rest.md")
    for block in re.findall(r"^```sh\n(curl .*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_commands(worker: Worker, block: str):
    command = block.replace("127.0.0.1:8080", worker.http)
    assert command != block
    done = subprocess.run(["bash", "-ec", command], capture_output=True, check=True, timeout=60)
    answer = json.loads(done.stdout)
    assert answer.get("predictions") or answer.get("outputs"), answer


def test_blocks():
    assert len(BLOCKS) == 3
