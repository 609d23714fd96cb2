"""Refuses the calls of a segment that waited too long, before they are decoded: a fourth of the cost of an answer."""

from pretzel.data_plane.transport.http2 import DataReceived, NGH2Error, RequestReceived


REQUEST_ID = b"x-request-id"
cdef enum:
    LONGEST = 200


def refuse_all(
    engine, list events not None, Py_ssize_t begin, bytes path not None, tuple refusal not None,
    tuple attached not None=(),
):
    """Refuse each call to ``path`` from the event at ``begin`` on; the first refusal also has ``attached``.

    Return the number of refused calls, and the events of all others in order.
    """
    cdef Py_ssize_t i
    cdef list others = []
    cdef set refused = set()
    cdef object event, kind, requested = RequestReceived, received = DataReceived
    respond, acknowledge = engine.send_response, engine.acknowledge_received_data
    for i in range(begin, len(events)):
        event = events[i]
        kind = type(event)
        if kind is requested and calls_to(event.headers, path):
            try:
                respond(event.stream_id, refusal + echoed(event.headers) + attached, end_stream=True)
            except NGH2Error:  # the stream was reset in the same segment
                continue
            refused.add(event.stream_id)
            attached = ()
        elif kind is received and event.end_stream and event.stream_id in refused:
            try:
                acknowledge(len(event.data), event.stream_id)
            except (NGH2Error, ValueError):
                continue
        else:
            others.append(event)
    return len(refused), others


cdef bint calls_to(tuple fields, bytes path):
    for name, value in fields:  # fields that must not be indexed are of a class of their own
        if name == b":path":
            return value == path
    return False


cpdef tuple echoed(object fields):
    """Return the field with the identifier that a client gave its call, for the answer; none if it is not usable."""
    for name, value in fields:
        if name == REQUEST_ID:
            return ((name, value),) if is_usable(value) else ()
    return ()


cdef bint is_usable(bytes value):
    cdef unsigned char character
    if not 0 < len(value) <= LONGEST:
        return False
    for character in value:
        if not 0x21 <= character <= 0x7E:
            return False
    return True
