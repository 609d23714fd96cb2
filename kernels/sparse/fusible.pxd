# Parts of kernels over sparse rows, which a fused kernel runs over rows that no slot holds.
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Slot
from pretzel.kernels.kernel cimport Kernel


cdef class Values(Kernel):
    cdef bint single
    cdef int64_t itemsize
    cdef int keep(self, inputs, output) except -1
    # Writes the new values of the first `rows` rows of x, each at the place it has in x; y may be x.values.
    cdef void change(self, const Slot* x, void* y, int64_t rows) noexcept nogil


cdef class Head(Kernel):
    # Scores the first `rows` rows of x; the results start at row `first` of the outputs, which are consecutive slots.
    cdef void score(self, const Slot* x, Slot* outputs, int64_t first, int64_t rows) noexcept nogil
