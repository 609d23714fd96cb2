"""Run the blocks of a page in order, in one directory: Python in one namespace, shell by bash."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import json
import linecache
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def main(page: str) -> int:
    """Run a page: a JSON file with its `blocks`, and the `addresses` in its text with those of our servers."""
    given = json.loads(Path(page).read_text())
    running = Page(given["addresses"])
    with running.servers:
        for block in given["blocks"]:
            try:
                running.run(block)
            except BaseException as error:
                error.add_note(f"{block['page']}:{block['line']}")
                raise
    return 0


class Page:
    """The state that the blocks of a page share."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self.addresses = addresses
        self.namespace: dict[str, Any] = {"__name__": "__main__", "replaced": addresses}  # a setup may add to it
        self.servers = contextlib.ExitStack()
        self.printed = ""

    def run(self, block: dict[str, Any]) -> None:
        """Run one block, store it under its title, or compare it with what the last one printed."""
        code = self.addressed(block["code"])
        if block["prints"] is not None:
            assert doctest.OutputChecker().check_output(code, self.printed, FLAGS), f"it printed:\n{self.printed}"
        elif block["title"]:
            Path(block["title"]).parent.mkdir(parents=True, exist_ok=True)
            Path(block["title"]).write_text(code)
        elif block["server"] is not None:
            self.serve(code, block["server"])
        elif block["language"] == "python":
            self.python(code, f"{Path(block['page']).stem}_{block['line']}.py")
        else:
            self.shell(code, fails=block["fails"] is not None)

    def addressed(self, code: str) -> str:
        """Replace the addresses of the page."""
        for written, real in self.addresses.items():
            code = code.replace(written, real)
        return code

    def python(self, code: str, name: str) -> None:
        """Run Python, which may use `await`; its lines are found by `inspect`, as those of a notebook are."""
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        compiled = compile(code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        with contextlib.redirect_stdout(io.StringIO()) as out:
            if compiled.co_flags & inspect.CO_COROUTINE:
                asyncio.run(eval(compiled, self.namespace))
            else:
                exec(compiled, self.namespace)
        self.printed = out.getvalue()

    def shell(self, code: str, *, fails: bool) -> None:
        """Run commands; the first that fails ends the block, unless the page says that it fails."""
        command = ["bash", "-euo", "pipefail", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        assert (done.returncode != 0) == fails, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
        self.printed = done.stdout + (done.stderr if fails else "")

    def serve(self, code: str, written: str) -> None:
        """Start a server on any port, and take its address from its first lines."""
        code = code.replace(written.rpartition(":")[2], "0")
        self.addresses[written] = self.servers.enter_context(_server(code))


@contextlib.contextmanager
def _server(code: str) -> Iterator[str]:
    command = ["bash", "-euc", code]
    both: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, text=True, start_new_session=True, **both)
    try:
        yield _address(process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    printed = ""
    assert process.stdout
    for line in process.stdout:
        if found := ADDRESS.search(line):
            return found[1]
        printed += line
    sys.exit(f"the server ended without an address:\n{printed}")
