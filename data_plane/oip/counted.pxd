# Times of the requests of one version, in nanoseconds.
from libc.stdint cimport int64_t

cdef enum:
    PARTS = 4   # the queue; computing the input, the outputs, the response


# Requests, and the times of their parts together.
cdef class Sums:
    cdef readonly int64_t count
    cdef int64_t[PARTS] ns

    cdef int add(self, const int64_t* parts) except -1


cdef class Counted:
    cdef readonly int64_t last, rows, success, fails, fail
    cdef readonly int64_t hits, hit   # requests with a kept answer, and their time
    cdef readonly Sums all
    cdef readonly dict batches
    cdef Sums recent           # the numbers of the last batch size, `size`
    cdef int64_t size, most_sizes

    cdef int answered(self, int64_t rows, const double* seconds, double total) except -1
    cdef int repeated(self, int64_t rows, int64_t ns) except -1
    cdef int touch(self, int64_t rows) except -1
    cdef int count(self, int64_t rows, const int64_t* parts, int64_t ns) except -1
    cdef Sums batch(self, int64_t rows)
    cpdef int failed(self, int64_t ns) except -1
