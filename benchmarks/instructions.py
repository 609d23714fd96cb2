"""Count the instructions of one call with callgrind, for differences smaller than timing noise.

``python -m benchmarks.instructions [name ...]`` runs each case twice under valgrind, with few and with twice as many
calls: the difference is the cost of the calls, without starting Python or fitting.  Valgrind does not support AVX-512,
so kernels take their AVX2 path.
"""

from __future__ import annotations

import argparse
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pretzel.errors import UnsupportedError

CALLS = 50
"""Calls of the shorter run."""
ROOT = Path(__file__).parents[1]
CHILD = """
import pickle, sys
from pathlib import Path
import pretzel
x = pickle.loads(Path(sys.argv[2]).read_bytes())
call = getattr(pretzel.load(sys.argv[1]), sys.argv[3])
for _ in range(10 + int(sys.argv[4])):
    call(x)
"""
_TOTAL = re.compile(r"refs:\s+([\d,]+)|Collected\s*:\s*(\d+)")


@dataclass(frozen=True)
class Case:
    """A fitted estimator, one of its methods, and its rows."""

    make: Callable[[], tuple[Any, Any]]
    method: str
    rows: int = 1


def cases() -> dict[str, Case]:
    """Return the cases by name: the pipelines of the goals, for 1 and 100 rows."""
    named = {}
    for name, make, method in (("text", _text, "predict_proba"), ("dense", _dense, "predict_proba")):
        named |= {name: Case(make, method), f"{name}-100": Case(make, method, 100)}
    return named | {"forest": Case(_forest, "predict"), "forest-100": Case(_forest, "predict", 100)}


def count(case: Case, calls: int = CALLS) -> float:
    """Return the instructions of one call, measured in a child process.

    Raises:
        UnsupportedError: valgrind is not installed, or does not run.
    """
    import pretzel

    estimator, x = case.make()
    with tempfile.TemporaryDirectory() as directory:
        model, rows = Path(directory, "model"), Path(directory, "rows")
        pretzel.compile(estimator).save(model)
        rows.write_bytes(pickle.dumps(x[: case.rows]))
        few, many = (_run([model, rows, case.method, n], directory) for n in (calls, 2 * calls))
    return (many - few) / calls


def _run(arguments: list[object], directory: str) -> int:
    """Return the instructions that callgrind counts in one run of the child."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise UnsupportedError("valgrind is not on the PATH; install it (apt install valgrind) to count instructions")
    tool = [valgrind, "--tool=callgrind", f"--callgrind-out-file={directory}/out"]
    environment = os.environ | {"PRETZEL_CPU": "avx2", "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    command = [*tool, sys.executable, "-c", CHILD, *map(str, arguments)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    total = _TOTAL.search(done.stderr)
    if done.returncode or not total:
        raise UnsupportedError(f"valgrind: exit {done.returncode}: {done.stderr[-500:]}")
    return int((total[1] or total[2]).replace(",", ""))


def _text() -> tuple[Any, Any]:
    from benchmarks.kernels import text

    texts, labels = text.reviews()
    return text.pipeline(texts, labels), texts


def _dense() -> tuple[Any, Any]:
    from benchmarks.kernels import dense

    return next(iter(dense.pipelines().values()))


def _forest() -> tuple[Any, Any]:
    from benchmarks.kernels import trees
    from benchmarks.kernels.tables import diamonds

    x, price = diamonds(10_000)
    return trees.boosted(x, price), x


def main() -> None:
    """Print the instructions per call of each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(cases())}; all by default")
    named = cases()
    for name in parser.parse_args().names or named:
        if name not in named:
            parser.error(f"unknown case {name!r}; expected one of {', '.join(named)}")
        print(f"{name}: {count(named[name]):,.0f} instructions per call of {named[name].rows} rows", flush=True)


if __name__ == "__main__":
    main()
