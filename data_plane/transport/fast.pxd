# The hot path from the bytes of a request to those of its response.
from libc.stdint cimport int64_t

from pretzel.data_plane.traffic.fork cimport Fork, Sample
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.runner cimport Layout, Runner


# A route, and the constant start of its responses.
cdef class Target(Layout):
    cdef readonly object entry, calls
    cdef object figures      # counts the calls of a branch; None for most
    cdef object tally
    cdef str reference       # the name in requests
    cdef bytes head
    cdef Fork fork           # splits the calls of an alias; None for most
    cdef Sample sample       # which calls are copied to a shadow; None for most
    cdef object copier
    cdef tuple branches      # the targets of its branches

    cdef object repeated(self, tuple kept, double begun)


cdef class FastPredict:
    cdef object router, tally, results
    cdef Runner runner
    cdef dict targets        # by the name in a request

    cdef object predict(self, double deadline, double begun, origin)
    cdef object copied(self, Prepared prepared, Target target, double deadline, double begun)
    cdef Target target(self)
    cdef Target made(self, route, str reference)
    cdef Target find(self, bytes key)
    cdef Prepared prepared(self, Target target)
    cdef Prepared prepare(self, Target target, bytes key)
