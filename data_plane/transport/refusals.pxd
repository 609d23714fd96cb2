from libc.stdint cimport uint8_t, uint32_t


cdef class Refusals:
    cdef bytes block
    cdef uint8_t* out
    cdef readonly Py_ssize_t used
    cdef Py_ssize_t room

    cdef int write(self, uint32_t stream, const uint8_t* own, Py_ssize_t owned, bytes attached) except -1
    cdef bytes taken(self)
