"""Refuses the calls of a segment that waited too long, before they are decoded: a fourth of the cost of an answer."""

from pretzel.data_plane.transport.http2 import DataReceived, NGH2Error, RequestReceived


def refuse_all(engine, list events not None, Py_ssize_t begin, bytes path not None, tuple refusal not None):
    """Refuse each call to ``path`` from the event at ``begin`` on.

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
                respond(event.stream_id, refusal, end_stream=True)
            except NGH2Error:  # the stream was reset in the same segment
                continue
            refused.add(event.stream_id)
        elif kind is received and event.end_stream and event.stream_id in refused:
            try:
                acknowledge(len(event.data), event.stream_id)
            except (NGH2Error, ValueError):
                continue
        else:
            others.append(event)
    return len(refused), others


cdef bint calls_to(tuple fields, bytes path):
    cdef tuple field
    for field in fields:
        if field[0] == b":path":
            return field[1] == path
    return False
