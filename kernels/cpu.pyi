"""Which instruction set the kernels of this process use: the widest the machine runs, or what PRETZEL_CPU names."""

supported: tuple[str, ...]
"""The levels that this build has and this machine runs, narrowest first."""
chosen: str
"""The level in use."""

def choose(wanted: str) -> str:
    """Return the level of that name, or the widest where it is empty.

    Raises:
        ValueError: no level has that name, or this machine does not run it.
    """
