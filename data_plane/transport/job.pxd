# A request on its way to an executor thread.
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.answers cimport Envelope
from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Prepared


cdef class Job:
    cdef Request request
    cdef Prepared prepared
    cdef Envelope envelope
    cdef object owner       # of the envelope's bytes
    cdef int64_t most_bytes
    cdef readonly object cost, need
    cdef readonly int64_t size, rows
    cdef readonly double deadline


cdef Job make_job(Request request, Prepared prepared, int64_t size, double deadline)
