"""Assembles a large message where it stays, without moving it or touching its memory page by page."""

FIRST: int

class Assembly:
    """A message of ``length`` bytes, of which some have arrived."""

    held: int
    room: int

    def __init__(self, length: int) -> None: ...
    @property
    def missing(self) -> int: ...
    def add(self, data: bytes | bytearray | memoryview) -> int: ...
    def take(self) -> bytes: ...
