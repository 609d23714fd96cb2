# The hot path from the bytes of a request to those of its response.
from libc.stdint cimport int64_t, uint64_t

from pretzel.data_plane.transport.answers cimport Envelope
from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.kernels.frame cimport Workspace


# A route, and the constant start of its responses.
cdef class Target:
    cdef readonly object route, entry, calls
    cdef bytes head

    cdef Envelope envelope(self, bint streamed, uint64_t id)
    cdef int observe(self, double seconds, int64_t rows) except -1


cdef class FastPredict:
    cdef object router, engine
    cdef dict targets       # by the name in a request
    cdef int64_t generation # of the router's routes when these targets were found
    cdef Request request
    cdef Workspace workspace
    cdef double inline_seconds
    cdef int64_t small_bytes, answer_bytes, most_bytes, share

    cdef object predict(self, bint streamed, double deadline, double begun)
    cdef Target target(self)
    cdef Target find(self, bytes key)
    cdef Prepared prepared(self, Target target)
    cdef Prepared prepare(self, Target target, bytes key)
    cdef bytes inline(self, Prepared prepared, Target target, bint streamed, int64_t size)
