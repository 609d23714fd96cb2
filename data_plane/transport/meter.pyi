"""Counts the calls and rows of identities in memory that the processes of a worker share."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from pretzel.errors import ExhaustedError

HEAD: int

class Meter:
    """The use of one identity, and its limits."""

    name: str
    limits: Mapping[str, float]
    def __init__(
        self,
        name: str,
        limits: Mapping[str, float],
        memory: Any,
        slot: int = 0,
        refused: MutableMapping[str, int] | None = None,
        contact: str = "",
        clock: Callable[[], int] | None = None,
    ) -> None: ...
    def change(self, limits: Mapping[str, float], contact: str) -> None: ...
    def enter(self) -> ExhaustedError | None: ...
    def stay(self) -> ExhaustedError | None: ...
    def leave(self) -> None: ...
    def take_call(self) -> ExhaustedError | None: ...
    def give_call(self) -> None: ...
    def take_rows(self, rows: int) -> ExhaustedError | None: ...
    def give_rows(self, rows: int) -> None: ...
    @property
    def use(self) -> dict[str, float]: ...

class Present:
    """The call that the event loop answers by a shortcut now."""

    def begin(self, meter: Meter) -> None: ...
    def end(self) -> int: ...

PRESENT: Present
