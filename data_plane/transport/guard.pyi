"""Cuts header values that the HTTP/2 engine does not hold out of received bytes, so that they end only their call."""

MARK: bytes
"""Name of the field that is added to a header list without its long values."""

class Guard:
    """The received bytes of one connection, on their way to the engine."""

    def __init__(self) -> None: ...
    def pass_on(self, data: bytes) -> bytes: ...
