"""The child process of a campaign: run inputs in turn and report the coverage of each; any of them may crash it.

Messages are a length followed by that many bytes.  Inputs arrive on standard input.  The number of new edges, and the
fault if any (its name in the first line), go to standard output.
"""

from __future__ import annotations

import faulthandler
import os
import resource
import signal
import struct
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

from tests.fuzz.coverage import Counter, Map
from tests.fuzz.target import Target, load

MAX_MEMORY = 1 << 30
"""Bytes that one input may allocate beyond the memory of the process."""
ANSWER, LENGTH = struct.Struct("<iI"), struct.Struct("<I")
WATCHED = "/pretzel/"


def main(name: str, shared: str, watched: str) -> None:
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    faulthandler.register(signal.SIGUSR1)  # sent to a child that hangs, to show where
    counter = Counter(Map(Path(shared)), watched)
    target = load(name)
    limit_memory()
    while (data := receive(jobs)) is not None:
        counter.begin()
        fault = fault_of(target, data)
        answer(answers, counter.end(), fault)


def limit_memory() -> None:
    if "libasan" not in os.environ.get("LD_PRELOAD", ""):  # ASan maps terabytes, and has its own limits
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2 * MAX_MEMORY, resource.RLIM_INFINITY))


def receive(jobs: BinaryIO) -> bytes | None:
    head = jobs.read(LENGTH.size)
    return jobs.read(*LENGTH.unpack(head)) if len(head) == LENGTH.size else None


def answer(answers: BinaryIO, new_edges: int, fault: str) -> None:
    text = fault.encode(errors="replace")
    answers.write(ANSWER.pack(new_edges, len(text)) + text)
    answers.flush()


def fault_of(target: Target, data: bytes) -> str:
    """Run one input and return its fault, or an empty string."""
    before = peak()
    try:
        target.accepts(data)
    except BaseException as error:
        where = place(error)
        return f"{type(error).__name__} at {where}\n{''.join(traceback.format_exception(error))}"
    growth = peak() - before
    return f"memory\n{growth >> 20} MiB" if growth > MAX_MEMORY else ""


def place(error: BaseException) -> str:
    """Return the innermost line of watched code in a traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if WATCHED in frame.filename] or frames
    name = ours[-1].filename
    return f"{name.rsplit(WATCHED, 1)[-1] if WATCHED in name else Path(name).name}:{ours[-1].lineno}"


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
