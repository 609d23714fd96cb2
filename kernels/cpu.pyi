"""The instruction set that kernels of this process use: the widest of the machine, unless PRETZEL_CPU names one."""

supported: tuple[str, ...]
"""The levels that this build has and this machine runs, narrowest first."""
chosen: str
"""The level in use."""

def choose(wanted: str) -> str:
    """Return the level of that name, or the widest where it is empty.

    Raises:
        ValueError: no level has that name, or this machine does not run it.
    """
