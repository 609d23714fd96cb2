"""Removes long header values from received bytes, because the HTTP/2 engine would end the connection for them."""

MARK: bytes
"""Name of the field that is added to a header list without its long values."""

class Guard:
    """The received bytes of one connection, on their way to the engine."""

    def __init__(self) -> None: ...
    def pass_on(self, data: bytes) -> bytes: ...
