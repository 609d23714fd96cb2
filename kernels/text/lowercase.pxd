# Lower case, for kernels that write a part of a text in it.
from libc.stdint cimport int64_t, uint8_t, uint32_t

from pretzel.kernels.text.texts cimport TextKernel


cdef class Lowercase(TextKernel):
    pass


# Writes a text in lower case and returns its length; without `out` it only counts.
cdef int64_t lower(const uint8_t* p, int64_t length, uint8_t* out) noexcept nogil
# The same for the character c of `size` bytes at p: a sigma depends on what is around it.
cdef int64_t lower_character(
    const uint8_t* start, const uint8_t* p, const uint8_t* end, uint32_t c, int size, uint8_t* out
) noexcept nogil
