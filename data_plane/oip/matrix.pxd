# A matrix of numbers for a model that takes each of its columns.
from libc.stdint cimport int64_t

from pretzel.data_plane.oip.decode cimport InferRequest
from pretzel.data_plane.oip.prepared cimport Tensors
from pretzel.data_plane.transport.decode cimport RawColumn


cdef class Cut:
    cdef int64_t width     # columns of the matrix; 0 if the model takes none
    cdef int* places       # of each input among them
    cdef int count

    # Replaces the matrix of a request by its columns; false if it is not usual.
    cdef bint apply(self, InferRequest request, Tensors tensors) except -1
    cdef bint fits(self, const RawColumn* matrix, Tensors tensors) noexcept nogil
    cdef char* copy(self, char* to, const RawColumn* matrix, int64_t itemsize, int input) noexcept nogil
