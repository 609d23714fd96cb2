# Base of kernels that write a new text for each text, and keep missing ones.
from libc.stdint cimport int64_t, uint8_t

from pretzel.kernels.frame cimport Text
from pretzel.kernels.kernel cimport Kernel


cdef class Rewrite(Kernel):
    # Writes the new form of a text that is not missing and returns its length; without `out` it only counts.
    cdef int64_t put(self, const Text* text, uint8_t* out) noexcept nogil
