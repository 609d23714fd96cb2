"""Frames: the memory a program runs in, kept by its owner from call to call so that the hot path allocates nothing."""

class Workspace:
    """One frame.  At most one run uses it at a time; it serves programs of any shape, one after another."""

    def __init__(self) -> None: ...
    @property
    def nbytes(self) -> int: ...
