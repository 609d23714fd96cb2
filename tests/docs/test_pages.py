"""Every block of the pages works as it is written, but for addresses; those that cannot run here parse."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.docs.blocks import ROOT, RUN, Block, blocks_of

SETUPS = Path(__file__).with_name("setups")
DATA = {"yaml": yaml.safe_load_all, "json": json.loads, "toml": tomllib.loads}
LONG = {f"docs/{page}.md" for page in ("client", "load", "from/flask", "from/mlflow", "from/onnxruntime")}
"""Pages that start programs with large imports, or run for seconds."""

PAGES = [
    ROOT / "deploy/README.md",
    *(path for folder in (".", "from") for path in (ROOT / "docs" / folder).glob("*.md")),
]
BLOCKS = {str(page.relative_to(ROOT)): [*blocks_of(page)] for page in sorted(PAGES)}
ELSEWHERE = {
    name
    for test in (ROOT / "tests").rglob("test_page.py")
    for name in re.findall(r"docs/[\w/-]+\.md", test.read_text())
}
"""Pages with a test_page.py of their own, which runs their blocks."""
RUNNING = [name for name, blocks in BLOCKS.items() if name not in ELSEWHERE and any(block.is_run for block in blocks)]


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in RUNNING])
def test_page(name: str, run: Callable[..., None]) -> None:
    blocks = [block for block in BLOCKS[name] if block.is_run or block.title or block.value("prints") is not None]
    for module in {block.value("needs") for block in blocks} - {None}:
        if not importlib.util.find_spec(module):
            pytest.skip(f"{name} needs the package {module}")
    setup = SETUPS / f"{Path(name).stem.replace('-', '_')}.py"
    run(blocks, setup if setup.exists() else None)


@pytest.mark.parametrize("block", [b for blocks in BLOCKS.values() for b in blocks], ids=lambda block: block.place)
def test_block_parses(block: Block) -> None:
    if block.language == "python":
        compile(block.code, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    elif block.language == "sh":
        done = subprocess.run(["bash", "-n"], input=block.code, capture_output=True, text=True)
        assert not done.stderr
    elif block.language in DATA:
        assert DATA[block.language](block.code)


def test_blocks_that_are_not_run_say_why() -> None:
    unexplained = [b.place for blocks in BLOCKS.values() for b in blocks if b.value("not run") == ""]
    assert not unexplained, "write <!-- not run: REASON --> before them"


def test_every_language_is_tested() -> None:
    tested = {*RUN, *DATA, "", "text", "proto", "go", "java"}
    assert {block.language for blocks in BLOCKS.values() for block in blocks} <= tested
