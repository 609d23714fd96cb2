"""Measure two implementations in turn, in one process, and report the median of the pairwise ratios."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, fields, replace
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "xgboost-cpu",
    "catboost",
    "onnxruntime",
    "lleaves",
    "grpcio",
)
Clock = Callable[[], float]
ROUNDS = 15
DIGITS = 6
SAMPLE_SECONDS = 0.01  # long enough that the clock and the loop cost nothing


@dataclass(frozen=True)
class Row:
    """One comparison: microseconds per row of both sides, and the speedup of Pretzel."""

    name: str
    rival: str
    rows: int
    ours_us: float
    theirs_us: float
    ratio: float
    """Median over rounds of theirs / ours, each round measuring both."""
    low: float
    high: float
    floor_us: float | None = None
    """The lower bound of any program, as estimated by ``floors.py``; None if not estimated."""


def compare(
    name: str,
    rival: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rows: int = 1,
    floor: float | None = None,
) -> Row:
    """Call both in turn, :data:`ROUNDS` times, and return the medians; one warm-up of each is not counted.

    ``floor`` is the lower bound in microseconds per row, which is stored with them.
    """
    return replace(_medians(name, rival, _pairs(ours, theirs), rows), floor_us=floor)


def fastest(name: str, rival: str, ours: Callable[[], object], theirs: Callable[[], object], *, rows: int = 1) -> Row:
    """Compare like :func:`compare`, but CPU time of the best rounds, for a busy machine."""
    pairs = _pairs(ours, theirs, time.thread_time)
    ratios = sorted(b / a for a, b in pairs)
    mine, other = (min(side) / rows * 1e6 for side in zip(*pairs, strict=True))
    return Row(name, rival, rows, mine, other, other / mine, ratios[0], ratios[-1])


def quick(name: str, rival: str, ours: Callable[[], object], theirs: Callable[[], object], *, rows: int = 1) -> Row:
    """Compare like :func:`compare` in a third of the rounds, for hundreds of comparisons in one run."""
    return _medians(name, rival, _pairs(ours, theirs, rounds=ROUNDS // 3), rows)


def _medians(name: str, rival: str, pairs: list[tuple[float, float]], rows: int) -> Row:
    ratios = sorted(b / a for a, b in pairs)
    mine, other = (statistics.median(side) / rows * 1e6 for side in zip(*pairs, strict=True))
    return Row(name, rival, rows, mine, other, statistics.median(ratios), ratios[0], ratios[-1])


def _pairs(
    ours: Callable[[], object], theirs: Callable[[], object], clock: Clock = time.perf_counter, rounds: int = ROUNDS
) -> list[tuple[float, float]]:
    ours(), theirs()
    counts = _calibrate(ours, clock), _calibrate(theirs, clock)
    return [(_sample(ours, counts[0], clock), _sample(theirs, counts[1], clock)) for _ in range(rounds)]


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| case | rows | ours, us/row | rival | theirs, us/row | times faster | range | floor, us/row |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rows)])


def _line(r: Row) -> str:
    faster = f"{_plain(r.ratio)} | {_plain(r.low)}-{_plain(r.high)}"
    floor = "" if r.floor_us is None else f"{r.floor_us:.2g}"
    return f"| {r.name} | {r.rows} | {_plain(r.ours_us)} | {r.rival} | {_plain(r.theirs_us)} | {faster} | {floor} |"


def _plain(us: float) -> str:
    """Format three digits, without an exponent."""
    return f"{us:.0f}" if us >= 100 else f"{us:.3g}"


def write(rows: Iterable[Row], path: Path) -> None:
    """Write the medians, one row per line, with machine, commit and versions, so that results can be traced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps(circumstances() | {"columns": [field.name for field in fields(Row)]})
    lines = ",\n".join(json.dumps([_short(value) for value in astuple(row)]) for row in rows)
    path.write_text(f'{head[:-1]}, "rows": [\n{lines}\n]}}\n')


def read(path: Path) -> Iterator[Row]:
    """Yield the rows that :func:`write` wrote; none if the file does not exist."""
    if path.exists():
        result = json.loads(path.read_text())
        yield from (Row(**dict(zip(result["columns"], row, strict=True))) for row in result["rows"])


def _short(value: object) -> object:
    """Round a measured number to the digits that a repetition might confirm, and more."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _calibrate(call: Callable[[], object], clock: Clock) -> int:
    count = 1
    while (taken := _sample(call, count, clock) * count) < SAMPLE_SECONDS and count < 1 << 20:
        count = max(count * 2, int(count * SAMPLE_SECONDS / max(taken, 1e-7) / 2))
    return count


def _sample(call: Callable[[], object], count: int, clock: Clock) -> float:
    start = clock()
    for _ in range(count):
        call()
    return (clock() - start) / count


def circumstances() -> dict[str, object]:
    """Return the machine, the commit and the versions of the libraries."""
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": _commit(),
        "libraries": {name: version for name in LIBRARIES if (version := _version(name))},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _commit() -> str:
    result = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
