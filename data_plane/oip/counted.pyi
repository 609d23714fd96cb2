"""Counts the requests of one version, and their times in nanoseconds."""

class Sums:
    """Requests, and the times of their parts together."""

    count: int
    @property
    def parts(self) -> tuple[int, int, int, int]: ...

class Counted:
    """The numbers of one version."""

    last: int
    """Milliseconds since the epoch at the last answer."""
    rows: int
    success: int
    """Nanoseconds of all requests that ran; their number is that of ``all``."""
    hits: int
    hit: int
    """Nanoseconds of all requests that had a kept answer."""
    fails: int
    fail: int
    """Nanoseconds of all failed requests."""
    all: Sums
    batches: dict[int, Sums]
    """By batch size."""

    def __init__(self, most_sizes: int) -> None: ...
    def succeeded(self, rows: int, queue: int, input: int, infer: int, output: int, ns: int) -> None: ...
    def failed(self, ns: int) -> None: ...
