from collections.abc import Iterable
from typing import Any

from pretzel.data_plane.transport.status import Header

REQUEST_ID: bytes

def refuse_all(
    engine: Any,
    events: list[Any],
    begin: int,
    path: bytes,
    refusal: tuple[Header, ...],
    attached: tuple[Header, ...] = (),
) -> tuple[int, list[Any]]: ...
def echoed(fields: Iterable[Header]) -> tuple[Header, ...]: ...
