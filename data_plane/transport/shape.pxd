from libc.stdint cimport uint8_t

cdef enum:
    MOST_SHAPE = 512

cdef int shape_of(const uint8_t* block, Py_ssize_t size, uint8_t* shape) noexcept nogil
cdef Py_ssize_t field_at(const uint8_t* block, Py_ssize_t size, int place, Py_ssize_t* begin) noexcept nogil
cdef bint is_readable(const uint8_t* field, Py_ssize_t size, int most) noexcept nogil
