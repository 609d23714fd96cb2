# Requests as they are in their message: nothing is copied, and no Python object is made per column.
from libc.stdint cimport int64_t, uint64_t

from pretzel.data_plane.transport.wire cimport Field, Reader, Span

# Fields of pretzel.v1.Column.
cdef enum:
    NAME = 1
    TYPE = 2
    ROWS = 3
    DATA = 4
    LENGTHS = 5
    MISSING = 6
    INDICES = 7
    STARTS = 8
    LABELS = 9

# A column of a request.  `parts` are its fields by number, those of bytes and strings.
cdef struct RawColumn:
    int64_t rows
    int64_t width           # of a tensor: its values per row
    Span parts[9]


cdef class Request:
    cdef bytes message      # owns the bytes of the spans
    cdef bint streamed
    cdef uint64_t id        # of a request of a stream
    cdef Span model         # its name; of a request for many models, the fields with their names, as they are
    cdef Span outputs       # the fields with the names of outputs, as they are
    cdef RawColumn* columns
    cdef int count, capacity
    cdef bint matrix        # of a request for many models

    # Read a message; false if it is malformed or unusual, which protobuf and the ordinary path decide.
    cdef bint read_predict(self, bytes message) except -1
    cdef bint read_stream(self, bytes message) except -1
    cdef bint read_many(self, bytes message) except -1

    cdef Reader start(self, bytes message) except *
    cdef bint read_request(self, Reader* reader, bint many) noexcept nogil
    cdef bint take_name(self, const Field* field, const Reader* reader, bint many) noexcept nogil
    cdef bint take_column(self, Span bytes) noexcept nogil
    # Memory for one more column; NULL if there are too many.
    cdef RawColumn* add_column(self) noexcept nogil


# The values of a run of fields, as bytes.
cdef list names_in(Span run)
