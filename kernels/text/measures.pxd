# Tests and measures of one text, for kernels of texts and of tokens.
from libc.stdint cimport int64_t, uint8_t

from pretzel.kernels.frame cimport Text
from pretzel.kernels.kernel cimport Kernel


cdef class TestText(Kernel):
    cdef int function, kinds
    cdef bytes text_bytes
    cdef const char* text
    cdef int64_t length

    # Returns whether a text that is not missing has the property; not for the property `missing`.
    cdef bint has(self, const Text* text) noexcept nogil


cdef class MeasureText(Kernel):
    cdef int function, kinds
    cdef bytes text_bytes
    cdef const char* text
    cdef int64_t length

    cdef int64_t measure(self, const Text* text) noexcept nogil
    cdef int64_t count(self, const Text* text) noexcept nogil
    cdef int64_t find(self, const Text* text) noexcept nogil


cdef inline int64_t characters(const char* p, int64_t length) noexcept nogil:
    """Return the number of characters: the bytes that do not continue one."""
    cdef int64_t count = 0, i
    for i in range(length):
        count += (<uint8_t>p[i] & 0xC0) != 0x80
    return count
