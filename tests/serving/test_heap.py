"""Large blocks that are freed between small ones leave the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pretzel.serving import heap

PROGRAM = """
import ctypes, re, sys
from pretzel.serving.heap import return_large_blocks

def resident():
    return int(re.search("VmRSS:[^0-9]*([0-9]+)", open("/proc/self/status").read())[1]) >> 10

C = ctypes.CDLL(None)
C.malloc.restype = ctypes.c_void_p
C.malloc.argtypes, C.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
if sys.argv[1] == "returned":
    return_large_blocks()
C.free(C.malloc(16 << 20))
before, large = resident(), []
for _ in range(100):
    large.append(C.malloc(1 << 20))
    ctypes.memset(large[-1], 1, 1 << 20)
    C.malloc(8192)
for block in large:
    C.free(block)
print(resident() - before)
"""


def _left(how: str) -> int:
    """Return MiB that stay after 100 MiB of blocks were freed, each between two small ones."""
    return int(subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(heap._mallopt is None, reason="the C library has no mallopt")
def test_large_blocks_are_returned_when_they_are_freed() -> None:
    assert _left("kept") > 50, "the C library keeps them otherwise"
    assert _left("returned") < 10
