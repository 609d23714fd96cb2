"""Measure how much memory a call takes by its rows, in a process of its own, which runs this file.

It reads a line of JSON: the kind of the model, its file, a pickle of rows, and the numbers of rows.  It writes a line
for each number: the peak of the resident set during the call, less the set before it, in bytes.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.paper.workloads import Member

RESET_PEAK = "5"
"""Written to ``clear_refs``, it makes the peak the present size (proc(5))."""
SECONDS = 600


def by_rows(member: Member, rows: Any, counts: Sequence[int], folder: Path) -> list[tuple[float, float]]:
    """Return the bytes that a call takes, of Pretzel and of the library, for each number of rows.

    Raises:
        RuntimeError: a process failed; the message is its last line.
    """
    kept = folder / "rows.pickle"
    kept.write_bytes(pickle.dumps(rows))
    sides = [
        _run({"kind": kind, "item": str(item), "rows": str(kept), "counts": list(counts)})
        for kind, item in (("pretzel", member.definition), ("library", member.pickle))
    ]
    return [(ours, theirs) for ours, theirs in zip(*sides, strict=True)]


def _run(wanted: dict[str, Any]) -> list[float]:
    command = [sys.executable, "-P", __file__]  # without this package, whose imports take memory
    ran = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, timeout=SECONDS)
    if ran.returncode:
        raise RuntimeError(f"a model cannot be called: {(ran.stderr.strip().splitlines() or ['?'])[-1]}")
    return [float(json.loads(line)["bytes"]) for line in ran.stdout.splitlines()]


def main() -> None:
    """Load the model, and call it in a child for each number of rows: none finds buffers of the call before."""
    wanted: dict[str, Any] = json.loads(sys.stdin.readline())
    rows, predict = pickle.loads(Path(wanted["rows"]).read_bytes()), _load(wanted)
    for count in wanted["counts"]:
        child = os.fork()
        if not child:
            _call(predict, rows, count)
            os._exit(0)
        if status := os.waitpid(child, 0)[1]:
            sys.exit(f"the call of {count} rows ended with status {os.waitstatus_to_exitcode(status)}")


def _call(predict: Any, rows: Any, count: int) -> None:
    """Print what a call takes, after one of a single row that is not counted."""
    chosen = [i % len(rows) for i in range(count)]
    given = [rows[i] for i in chosen] if isinstance(rows, list) else rows[chosen]
    predict(rows[:1])
    print(json.dumps({"rows": count, "bytes": _peak(predict, given)}), flush=True)


def _load(wanted: dict[str, Any]) -> Any:
    if wanted["kind"] == "pretzel":
        import pretzel

        return pretzel.load(wanted["item"]).predict
    return pickle.loads(Path(wanted["item"]).read_bytes()).predict


def _peak(predict: Any, given: Any) -> int:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what is free already would hide what the call takes
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    before = _status("VmRSS")
    answers = predict(given)
    assert len(answers) == len(given)
    return _status("VmHWM") - before


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))


if __name__ == "__main__":
    main()
