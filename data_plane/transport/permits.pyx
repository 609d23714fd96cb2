"""Decides by the names in a message, before it is decoded, whether its caller may predict with these models.

A decision is looked up by the bytes of the names: those of one caller are kept until its credential ends.  A message
whose names are in several places, or that is malformed, is left to the ordinary path, which decides alike.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport uint32_t

from pretzel.data_plane.transport.decode cimport names_in
from pretzel.data_plane.transport.wire cimport BYTES, END, FIELD, Field, Reader, Span, extend, next_field, reader_of

from pretzel.serving.identity.caller import MOST_DECISIONS
from pretzel.serving.identity.roles import model_of

cdef enum:
    NAME = 1                 # field of the name in requests for one model, and of the names in those for many
    REQUEST = 2              # field of the request in a message of a stream
    MOST_BYTES = 1 << 18     # of names that are looked at
    MOST_KEPT = 1 << 12      # of names whose decision is kept: callers choose them

ONE, MANY, NESTED = 1, 2, 3
cdef int C_MANY = MANY, C_NESTED = NESTED


def decide(access not None, bytes message not None, int form):
    """Return True if the caller may, the error if not, None if the ordinary path must decide.

    It decides about a refused message of a stream: the error is the response to that message, and counted there.
    """
    cdef Span span = Span(PyBytes_AS_STRING(message), PyBytes_GET_SIZE(message)), names
    if form == C_NESTED and not only(span, REQUEST, &span):
        return None
    if not (run_of(span, &names) if form == C_MANY else only(span, NAME, &names)) or names.length > MOST_BYTES:
        return None
    key = names.at[:names.length]
    decisions = access.decisions
    decision = decisions.get(key)
    if decision is True:
        return True
    if decision is not None:
        if form == C_NESTED:
            return None
        access.caller.refused["permission"] += 1
        return decision
    decision = decided(access, names_in(names) if form == C_MANY else [key], form)
    if decision is not None and names.length <= MOST_KEPT:
        if len(decisions) >= MOST_DECISIONS:
            decisions.clear()
        decisions[key] = decision
    return decision


cdef object decided(access, list names, int form):
    """Return the decision about names; None for several of which some are refused: each then has its own error."""
    cdef bint alone = len(names) == 1 and form != C_NESTED
    caller, role = access.caller, access.role
    for name in names:
        try:
            model = model_of(name.decode())
        except UnicodeDecodeError:
            return None
        if not caller.may(role, model):
            return caller.denied_on(role, model) if alone else None
    return True


cdef bint only(Span message, uint32_t number, Span* found) noexcept nogil:
    """Find the only field of a number; return false if there are several, or the message is malformed."""
    cdef Reader reader = reader_of(message)
    cdef Field field
    cdef int result, seen = 0
    found.at, found.length = NULL, 0
    while True:
        result = next_field(&reader, &field)
        if result != FIELD:
            return result == END
        if field.number == number:
            if seen or field.wire != BYTES:
                return False
            seen, found[0] = 1, field.bytes


cdef bint run_of(Span message, Span* run) noexcept nogil:
    """Find the run of fields with names; return false if they are in several places."""
    cdef Reader reader = reader_of(message)
    cdef Field field
    cdef int result
    run.at, run.length = NULL, 0
    while True:
        result = next_field(&reader, &field)
        if result != FIELD:
            return result == END
        if field.number != NAME:
            continue
        if field.wire != BYTES or not extend(run, &field, &reader):
            return False
