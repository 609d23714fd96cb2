"""Frames: the memory a program runs in, kept from call to call so that the hot path allocates nothing."""

class Workspace:
    """One frame.  One run uses it at a time; it serves programs of any shape in turn."""

    def __init__(self) -> None: ...
    @property
    def nbytes(self) -> int: ...
