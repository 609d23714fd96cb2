from libc.stdint cimport uint8_t

cdef enum:
    MOST_SHAPE = 512

cdef int shape_of(const uint8_t* block, Py_ssize_t size, uint8_t* shape) noexcept nogil
cdef Py_ssize_t readable_field(
    const uint8_t* block, Py_ssize_t size, int place, const uint8_t** field
) noexcept nogil
