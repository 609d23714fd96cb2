"""The library that makes system calls fail does so only for the calls of a rule."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.interposed import ALL, Faults

PROGRAM = """
import mmap, os, socket, sys
here = sys.argv[1]
def opened(): os.close(os.open(f"{here}/victim", os.O_RDONLY))
def mapped():
    file = os.open(f"{here}/victim", os.O_RDONLY)
    try: mmap.mmap(file, 4, prot=mmap.PROT_READ)
    finally: os.close(file)
def written():
    file = os.open(f"{here}/victim", os.O_RDWR)
    try:
        assert os.write(file, b"1234") == 4, "short"
        assert os.pwrite(file, b"1234", 0) == 4, "short"
    finally: os.close(file)
def had():
    file = os.open(f"{here}/victim", os.O_RDONLY)
    try:
        os.read(file, 4)
        os.pread(file, 4, 0)
    finally: os.close(file)
def allocated():
    file = os.open(f"{here}/victim", os.O_RDWR)
    try: os.posix_fallocate(file, 0, 8)
    finally: os.close(file)
def listed():
    file = os.open(here, os.O_RDONLY)
    try: os.fsync(file)
    finally: os.close(file)
def synced():
    file = os.open(f"{here}/victim", os.O_RDWR)
    try: os.fsync(file)
    finally: os.close(file)
def renamed():
    open(f"{here}/other", "w").close()
    os.replace(f"{here}/other", f"{here}/victim.new")
def accepted():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        server.accept()[0].close()
calls = {"open": opened, "mmap": mapped, "write": written, "read": had,
         "allocate": allocated, "fsync": synced, "syncdir": listed, "rename": renamed,
         "socket": lambda: socket.socket().close(), "accept": accepted}
for name, call in calls.items():
    try: call(); print(name, 0)
    except OSError as error: print(name, error.errno)
    except AssertionError as error: print(name, error)
"""
CALLS = ("open", "mmap", "write", "read", "allocate", "fsync", "syncdir", "rename", "socket", "accept")


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    (tmp_path / "victim").write_bytes(b"abcd")
    return Faults(tmp_path / "faults")


def run(faults: Faults, directory: Path) -> dict[str, str]:
    command = [sys.executable, "-c", PROGRAM, str(directory)]
    ran = subprocess.run(
        command, env=os.environ | faults.environment, check=True, capture_output=True, text=True, timeout=30
    )
    return dict(line.split() for line in ran.stdout.splitlines())


def test_without_a_rule_nothing_fails(faults: Faults, tmp_path: Path):
    assert run(faults, tmp_path) == dict.fromkeys(CALLS, "0")
    assert faults.met() == 0


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EIO])
def test_the_call_of_a_rule_fails(faults: Faults, tmp_path: Path, call: str, number: int):
    faults.fail((call, number, ALL, "" if call in ("socket", "accept", "syncdir") else "victim"))
    got = run(faults, tmp_path)
    assert got.pop(call) == str(number)
    beginning = {"open": ("mmap", "write", "read", "allocate", "fsync"), "socket": ("accept",)}
    others = beginning.get(call, ())
    assert all(result == "0" for name, result in got.items() if name not in others)
    assert faults.met(call) >= 1


def test_a_rule_ends_after_its_count(faults: Faults, tmp_path: Path):
    faults.fail(("fsync", errno.EIO, 1, "victim"))
    assert run(faults, tmp_path)["fsync"] == str(errno.EIO)
    faults.fail(("open", errno.EIO, 1, "victim"))
    got = run(faults, tmp_path)
    assert (got["open"], got["mmap"]) == (str(errno.EIO), "0")


def test_a_rule_for_another_path_does_nothing(faults: Faults, tmp_path: Path):
    faults.fail(("open", errno.EIO, ALL, "elsewhere"), ("write", errno.EIO, ALL, "elsewhere"))
    assert run(faults, tmp_path)["open"] == "0"


def test_a_write_can_be_short(faults: Faults, tmp_path: Path):
    faults.fail(("write", "short", ALL, "victim"))
    assert run(faults, tmp_path)["write"] == "short"


def test_a_slow_call_succeeds_later(faults: Faults, tmp_path: Path):
    faults.fail(("fsync", "slow:300", 2, "victim"))
    began = time.monotonic()
    assert run(faults, tmp_path) == dict.fromkeys(CALLS, "0")
    assert time.monotonic() - began >= 0.3
    assert faults.met("fsync") == 1


def test_a_lifted_rule_is_over(faults: Faults, tmp_path: Path):
    faults.fail(("open", errno.EIO, ALL, "victim"))
    assert run(faults, tmp_path)["open"] == str(errno.EIO)
    faults.lift()
    assert run(faults, tmp_path) == dict.fromkeys(CALLS, "0")
