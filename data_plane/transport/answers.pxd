# Responses as bytes: constant parts that are prepared once, and the values of one run between them.
from libc.stdint cimport int64_t, uint64_t

from pretzel.data_plane.transport.decode cimport RawColumn
from pretzel.data_plane.transport.wire cimport Span
from pretzel.kernels.frame cimport Slot
from pretzel.kernels.shapes cimport Shape

# An output of a program.
cdef struct Output:
    bint is_numbers        # dense ones
    int source             # position in the program's outputs; -1 - i for input i, passed through
    Span head              # its fields `name` and `type`
    Span tail              # its field `labels`, or nothing

# The values of one output in a response, as the parts of its column by field number.
cdef struct Values:
    Span parts[9]
    int64_t size           # bytes of the whole column's message

# The message around a response.
cdef struct Envelope:
    Span head              # its fields `model` and `version`
    bint streamed          # as part of a response of a stream, to the request of this id
    uint64_t id

# Takes the values of a slot that a program wrote; texts are packed into memory of the slot.  Returns OK,
# OUT_OF_MEMORY, or REFUSED if they have no form here.
cdef int take_slot(Values* values, Slot* slot, const Shape* shape, int64_t rows) noexcept nogil

# Takes the values of a column of the request.
cdef void take_column(Values* values, const RawColumn* column) noexcept nogil

# Fills in the sizes, and returns that of the columns together as fields of their response.
cdef int64_t measure(Values* values, const Output* outputs, int count, int64_t rows) noexcept nogil

# Returns the size of a response with columns of this size, in its envelope.
cdef int64_t enveloped(const Envelope* envelope, int64_t columns) noexcept nogil

# Writes a response of that size.
cdef void write_response(
    char* to, const Envelope* envelope, const Values* values, const Output* outputs, int count, int64_t rows,
    int64_t columns
) noexcept nogil

# Writes a measured column as a field of a response, and returns the end of it.
cdef char* write_column(char* to, const Values* values, const Output* output, int64_t rows) noexcept nogil

# Writes a varint field of a number below 16, unless it is zero, as protobuf leaves that out.
cdef char* write_number(char* to, int number, uint64_t value) noexcept nogil
