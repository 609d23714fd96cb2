"""Admits calls by the credential in their header fields, and messages by the models that they name.

Both are decided before a message is decoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from pretzel.data_plane.transport.head import Head, Rejection, read_head
from pretzel.data_plane.transport.metering import charged_message, entered, may_stay
from pretzel.data_plane.transport.methods import Answer, Method
from pretzel.data_plane.transport.permits import decide
from pretzel.data_plane.transport.refusing import echoed
from pretzel.data_plane.transport.status import Header, status_fields
from pretzel.errors import PretzelError
from pretzel.serving.errors import status_of
from pretzel.serving.identity.caller import Caller
from pretzel.serving.identity.keeper import authorization_in
from pretzel.serving.identity.limits import renewed

if TYPE_CHECKING:
    from pretzel.data_plane.transport.call import Call
    from pretzel.data_plane.transport.front import NativeFront
    from pretzel.data_plane.transport.sender import Sender

UNKNOWN_METHOD = "Method not found!"
MOST_KEPT = 64
"""Refusals whose fields are kept per process: a flood repeats a few."""
_KIND: tuple[Header, ...] = ((b":status", b"200"), (b"content-type", b"application/grpc"))
_refusals: dict[tuple[type, str], tuple[Header, ...]] = {}


class Entrance:
    """The calls that arrive on one connection, and their caller, as the last one showed it."""

    def __init__(self, front: NativeFront, names: dict[str, list[bytes]]) -> None:
        """Recognize callers by what the front knows; ``names`` are those of the connection's certificate."""
        self._front, self._names = front, names
        self._caller: Caller | None = None
        self._credential: str | None = None

    def read(self, fields: tuple[Header, ...]) -> tuple[Head, Method]:
        """Return the head of a call, and its method.

        Raises:
            Rejection: it is not a gRPC call, a field is invalid, or the method does not exist.
            UnauthenticatedError: it has no accepted credential.
            PermissionDeniedError: its caller lacks the role.
        """
        head = read_head(fields, self._front.limits.header_bytes)
        method = self._front.methods.find(head.path)
        if method is None:
            raise Rejection(grpc.StatusCode.UNIMPLEMENTED, UNKNOWN_METHOD)
        self.admit(head, method)
        return head, method

    def admit(self, head: Head, method: Method) -> None:
        """Note what the caller of a call may do.

        Raises:
            UnauthenticatedError: it has no accepted credential.
            PermissionDeniedError: it lacks the role.
        """
        keeper, rule = self._front.keeper, method.rule
        if keeper is None or rule.role is None:
            return
        caller, credential = self._caller, authorization_in(head.fields)
        if caller is None or caller.ended or credential != self._credential:
            self._caller = caller = keeper.identify(credential, self._names)
            self._credential = credential
        head.access = rule.admit(caller)

    def refuse(self, sender: Sender, stream_id: int, cause: Exception, fields: tuple[Header, ...]) -> None:
        """Answer a call that is not admitted."""
        if isinstance(cause, Rejection):
            sender.reject(stream_id, cause, fields)
        elif isinstance(cause, PretzelError):
            sender.refuse_unknown(stream_id, (*_refusal_of(cause), *echoed(fields)))


def shortcut_of(call: Call, message: bytes) -> Answer:
    """Return the answer of a method's shortcut to a message, if the caller may have it without the handler."""
    access, method = call.head.access, call.method
    if access is None:
        return method.shortcut(message, call.deadline, call)
    meter = access.caller.meter
    if not access.everywhere and method.fast is not None:
        decision = decide(access, message, method.form)
        if decision is None and meter is not None and method.each is None:
            return entered(call, meter)
        if decision is not True:
            return decision or None
    if meter is not None:
        if method.each is not None:
            return charged_message(call, message, meter)
        answer: Answer = meter.answer(method.shortcut, message, call)
        return answer
    return method.shortcut(message, call.deadline, call)


def has_ended(head: Head) -> bool:
    """Return whether the caller that a head was read for must be looked up again; asked once per segment."""
    return head.access is not None and head.access.caller.ended


def is_admitted(call: Call) -> bool:
    """Return whether the caller of a stream may go on; if not, end the stream: its credential has ended."""
    access = call.head.access
    if access is None:
        return True
    try:
        if access.caller.ended:
            call.connection.entrance.admit(call.head, call.method)
        if (refusal := may_stay(call)) is not None:
            raise renewed(refusal)
    except PretzelError as error:
        call.fail(error)
        return False
    return True


def _refusal_of(error: PretzelError) -> tuple[Header, ...]:
    """Return the fields of an answer with an error, besides the identifier of its call."""
    key = type(error), str(error)
    refusal = _refusals.get(key)
    if refusal is None:
        status = status_of(error)
        refusal = (*_KIND, *status_fields(status.code, status.message, status.metadata))
        if len(_refusals) >= MOST_KEPT:
            _refusals.clear()
        _refusals[key] = refusal
    return refusal
