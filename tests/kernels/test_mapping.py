"""Maps notice what other programs do to their files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pretzel.kernels.mapping import Mapping

SIZE = 1 << 16
WRITER = """
import os, sys, time
descriptor = os.open(sys.argv[1], os.O_WRONLY)
for number in range(400):
    time.sleep(0.001)
    os.pwrite(descriptor, bytes([number % 255 + 1]), 100)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(bytes(SIZE))
    return path


def write(path: Path) -> None:
    with open(path, "r+b", buffering=0) as file:
        file.write(b"x")


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(bytes(SIZE))
    other.rename(path)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


CHANGES: dict[str, tuple[Callable[[Path], None], bool, int]] = {
    "write": (write, True, SIZE),
    "truncate": (lambda path: os.truncate(path, 10), True, 10),
    "append": (lambda path: os.truncate(path, SIZE + 10), True, SIZE + 10),
    "mode": (lambda path: path.chmod(0o600), True, SIZE),
    "times": (lambda path: os.utime(path, (1, 1)), True, SIZE),
    "remove": (lambda path: path.unlink(), False, SIZE),
    "move": (lambda path: path.rename(path.with_name("moved")), False, SIZE),
    "replace": (replace, False, SIZE),
    "loop": (loop, False, SIZE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_look_notices_each_change_once(path: Path, change: str):
    act, named, length = CHANGES[change]
    mapping = Mapping(path)
    assert [mapping.look(), mapping.look(), mapping.is_named, mapping.length] == [0, 0, True, SIZE]
    seen = mapping.seen
    act(path)
    assert [mapping.look(), mapping.look(), mapping.is_named, mapping.length] == [1, 1, named, length]
    assert seen < mapping.seen <= time.monotonic()
    assert bytes(memoryview(mapping)[:1]) in (b"\0", b"x")


def test_a_read_is_no_change(path: Path):
    mapping = Mapping(path)
    path.read_bytes()
    assert bytes(mapping) == bytes(SIZE)
    assert mapping.look() == 0
    assert mapping.changed == pytest.approx(os.stat(path).st_ctime_ns / 1e9)


def test_a_directory_that_cannot_be_searched_leaves_the_state_unknown(path: Path, monkeypatch):
    if os.geteuid() == 0:
        pytest.skip("root may search every directory")
    mapping = Mapping(path)
    path.parent.chmod(0)
    try:
        assert [mapping.look(), mapping.look()] == [1, 2]
    finally:
        path.parent.chmod(0o700)


def test_a_changed_byte_is_never_seen_before_the_change_of_the_file(path: Path):
    """The order that proofs depend on: first the file's times, then its bytes."""
    mapping = Mapping(path)
    view, changes = memoryview(mapping), 0
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path])
    last, before, deadline = 0, time.time(), time.monotonic() + 60
    while writer.poll() is None and time.monotonic() < deadline:
        began = time.time()
        byte = view[100]
        mapping.look()
        if byte != last:
            changes, last = changes + 1, byte
            assert mapping.changed > before - 0.25, "the byte changed, and the file's times did not"
        before = began
    assert writer.wait(10) == 0
    assert changes > 40
