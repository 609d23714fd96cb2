# Requests for inference as they are in their message; the columns of `Request` are their tensors.
from pretzel.data_plane.transport.decode cimport RawColumn, Request
from pretzel.data_plane.transport.wire cimport Field, Reader, Span


cdef class InferRequest(Request):
    cdef Span version, label   # the label is the field `id`, which responses repeat
    cdef int raw               # contents read
    cdef bytes cut             # columns that were cut from a matrix
    # Times of the monotonic clock: of the call, of the accepted request, of its run, of its response.
    cdef double begun, accepted, started, ended, written

    # Reads a message; false if it is malformed or unusual, which protobuf and the ordinary path decide.
    cdef bint read_infer(self, bytes message) except -1
    cdef bint read_fields(self, Reader* reader) noexcept nogil
    cdef bint take_field(self, const Field* field, const Reader* reader) noexcept nogil
    cdef bint take_contents(self, Span contents) noexcept nogil


# The names of requested outputs, as bytes; None if one is not usual, as those with parameters are.
cdef list outputs_in(Span run)
