"""Which instruction set the kernels of this process use: the widest the machine runs, or what PRETZEL_CPU names."""

import os

cdef extern from "cpu.h":
    bint cpu_runs(int level)

LEVELS = ("scalar", "avx2", "avx512")  # CPU_SCALAR, CPU_AVX2, CPU_AVX512
supported = tuple(name for number, name in enumerate(LEVELS) if cpu_runs(number))


def choose(wanted):
    """Return the level of that name, or the widest where it is empty.

    Raises:
        ValueError: no level has that name, or this machine does not run it.
    """
    if wanted not in ("", *supported):
        problem = "this machine does not run it" if wanted in LEVELS else "there is no such level"
        raise ValueError(f"PRETZEL_CPU={wanted}: {problem}; leave it unset, or choose one of {', '.join(supported)}")
    return wanted or supported[len(supported) - 1]


chosen = choose(os.environ.get("PRETZEL_CPU", ""))
level = LEVELS.index(chosen)
