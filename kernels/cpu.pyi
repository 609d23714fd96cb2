"""The instruction set of this process's kernels: the widest that the machine runs, or the one in PRETZEL_CPU."""

supported: tuple[str, ...]
"""The levels that are compiled in and that this machine runs, narrowest first."""
chosen: str
"""The level in use."""

def choose(wanted: str) -> str:
    """Return the level with that name, or the widest if the name is empty.

    Raises:
        ValueError: the level is unknown, or this machine does not run it.
    """
