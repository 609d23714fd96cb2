"""The instruction set of this process's kernels: the widest that the machine runs, or the one in PRETZEL_CPU."""

import os

cdef extern from "cpu.h":
    bint cpu_runs(int level)

LEVELS = ("scalar", "avx2", "avx512")  # CPU_SCALAR, CPU_AVX2, CPU_AVX512
supported = tuple(name for number, name in enumerate(LEVELS) if cpu_runs(number))


def choose(wanted):
    """Return the level with that name, or the widest if the name is empty.

    Raises:
        ValueError: the level is unknown, or this machine does not run it.
    """
    if wanted not in ("", *supported):
        problem = "this machine does not run it" if wanted in LEVELS else "the level is unknown"
        raise ValueError(f"PRETZEL_CPU={wanted}: {problem}; leave it unset, or choose one of {', '.join(supported)}")
    return wanted or supported[len(supported) - 1]


chosen = choose(os.environ.get("PRETZEL_CPU", ""))
level = LEVELS.index(chosen)
