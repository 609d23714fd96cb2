"""Charges calls and rows to their callers, who may have limits.

A shortcut is charged before it decodes a message, and for its rows when it knows them.  What it leaves to a handler is
given back, since handlers charge for themselves.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from pretzel.data_plane.transport.meter import PRESENT, Meter
from pretzel.data_plane.transport.methods import Answer
from pretzel.errors import ExhaustedError, PretzelError
from pretzel.serving.identity.caller import ACCESS
from pretzel.serving.identity.limits import renewed

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call

PAID: ContextVar[bool] = ContextVar("pretzel_paid", default=False)
"""The rows of the present call, or the message of a stream, are charged already."""


def entered(call: Call, meter: Meter) -> PretzelError | None:
    """Count a call that its handler answers; return the error of a limit, or None."""
    refusal = meter.enter()
    if refusal is None:
        call.meter = meter
    return refusal


def charged_message(call: Call, message: bytes, meter: Meter) -> Answer:
    """Return the answer to a message of a stream; None also if a limit refuses it, as the handler does then."""
    if meter.take_call() is not None:
        return None
    PRESENT.begin(meter)
    try:
        answer = call.method.shortcut(message, call.deadline, call)
    finally:
        rows = PRESENT.end()
    if answer is None:
        meter.give_call()
        if rows:
            meter.give_rows(rows)
    return answer


def may_stay(call: Call) -> ExhaustedError | None:
    """Count a stream among the running calls of its caller, once; return the error of a limit."""
    meter = call.head.access.caller.meter if call.head.access is not None else None
    if meter is None or call.meter is not None:
        return None
    refusal: ExhaustedError | None = meter.stay()
    if refusal is None:
        call.meter = meter
    return refusal


class Stay:
    """A call that is counted among the running ones of its caller until it ends, or until nothing knows it."""

    __slots__ = ("_meter",)

    def __init__(self, meter: Meter) -> None:
        """Count it.

        Raises:
            ExhaustedError: a limit of its caller is reached.
        """
        self._meter: Meter | None = None
        refusal = meter.enter()
        if refusal is not None:
            raise renewed(refusal)
        self._meter = meter

    def end(self) -> None:
        """Do not count it any more."""
        if self._meter is not None:
            self._meter.leave()
            self._meter = None

    def __del__(self) -> None:
        self.end()


def charge_message() -> None:
    """Charge a message of a stream to the present caller.

    Raises:
        ExhaustedError: the caller has no more calls now.
    """
    meter = present()
    if meter is not None and (refusal := meter.take_call()) is not None:
        raise renewed(refusal)


def charge_rows(rows: int) -> None:
    """Charge the rows of a call to the present caller, before they are scored.

    Raises:
        ExhaustedError: the caller has no more rows now.
    """
    meter = present()
    if meter is not None and (refusal := meter.take_rows(rows)) is not None:
        raise renewed(refusal)


def present() -> Meter | None:
    """Return the meter of the present caller; None if nothing is to be charged."""
    access = ACCESS.get()
    return None if access is None or PAID.get() else access.caller.meter
