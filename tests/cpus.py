"""Run tests as on other processors: `python -m tests.cpus [pytest arguments]`, which `make test-cpus` calls.

Pretzel's kernels return the same bits at every level of ``PRETZEL_CPU``.  The libraries do not: NumPy's loops and
OpenBLAS's products differ in their last bits between instruction sets, so the expected results differ too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from collections.abc import Sequence

from pretzel.kernels.cpu import supported

OPENBLAS = {"scalar": "Nehalem", "avx2": "Haswell", "avx512": "SkylakeX"}
"""The OpenBLAS kernels that a processor of each level selects."""


def machines() -> dict[str, dict[str, str]]:
    """Return by name the variables that make this machine behave like another that it can emulate."""
    dispatched = " ".join(numpy_features())
    levels = {f"PRETZEL_CPU={level}": {"PRETZEL_CPU": level} for level in supported}
    older = {
        f"a {level} processor": {
            "PRETZEL_CPU": level,
            "OPENBLAS_CORETYPE": OPENBLAS[level],
            "NPY_DISABLE_CPU_FEATURES": " ".join(numpy_features(beyond=level)),
        }
        for level in supported[:-1]
    }
    return {**levels, "NumPy without dispatch": {"NPY_DISABLE_CPU_FEATURES": dispatched}, **older}


def numpy_features(beyond: str = "scalar") -> list[str]:
    """Return the instruction sets beyond a level that this machine has and NumPy dispatches to at run time."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    available = [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]
    return [name for name in available if beyond != "avx2" or name.startswith(("AVX512", "X86_V4"))]


def run(arguments: Sequence[str], variables: dict[str, str]) -> int:
    """Run pytest in a subprocess with these variables, and return its exit code."""
    command = [sys.executable, "-P", "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Run the tests as on each machine, print the outcomes, and return the highest exit code."""
    outcomes = {}
    for name, variables in machines().items():
        print(f"\n== {name}: {' '.join(f'{key}={value!r}' for key, value in variables.items())}", flush=True)
        outcomes[name] = run(arguments, variables)
    for name, code in outcomes.items():
        print(f"{name:28} {'passed' if code == 0 else f'exit code {code}'}")
    return max(outcomes.values())


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main(sys.argv[1:]))
