# Counts the calls and rows of identities in memory that the processes of a worker share.
from libc.stdint cimport int64_t


cdef class Meter:
    cdef readonly str name, contact
    cdef readonly object limits     # those in force, by name
    cdef object memory, refused, clock
    cdef dict kept                  # refusals of calls, by what they say
    cdef int64_t* words             # of the identity: two buckets, then the running calls of each process
    cdef int slot, processes
    cdef double calls, rows         # units of a second; negative: without a limit
    cdef int64_t most               # calls that may run; negative: without a limit

    cpdef enter(self)
    cpdef stay(self)
    cpdef leave(self)
    cpdef take_call(self)
    cpdef take_rows(self, int64_t rows)
    cdef int64_t now(self)
    cdef int64_t excess(self, int bucket, double rate, int64_t units)
    cdef void restore(self, int bucket, double rate, int64_t units) noexcept
    cdef int64_t running(self) noexcept


# The call that the event loop answers by a shortcut now.
cdef class Present:
    cdef Meter meter                # None without limits
    cdef int64_t rows               # those that were charged

    cdef object charge(self, int64_t rows)
