"""Work that joins the transaction of a change, so that both are committed or neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import Connection

_joined: ContextVar[Callable[[Connection], None] | None] = ContextVar("pretzel_joined", default=None)


@contextmanager
def joining(work: Callable[[Connection], None]) -> Iterator[None]:
    """Run ``work`` at the end of the durable write transaction of the block, and of the threads that work for it."""
    token = _joined.set(work)
    try:
        yield
    finally:
        _joined.reset(token)


def join(connection: Connection) -> None:
    """Run what joins the present transaction, if anything does."""
    work = _joined.get()
    if work is not None:
        work(connection)
