from typing import Any

from pretzel.data_plane.transport.status import Header

def refuse_all(
    engine: Any, events: list[Any], begin: int, path: bytes, refusal: tuple[Header, ...]
) -> tuple[int, list[Any]]: ...
