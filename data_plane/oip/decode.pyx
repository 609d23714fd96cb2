"""Reads requests for inference: a subset of protobuf's messages, with the same values.

Usual are tensors with raw contents of one or two dimensions.  Typed contents, fields that are set twice and parameters
are left to protobuf, as in `transport/decode.pyx`, except for the parameter that perf_analyzer sets.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.string cimport memcmp, memset

from pretzel.data_plane.transport.columns cimport is_utf8
from pretzel.data_plane.transport.decode cimport DATA, NAME, TYPE, RawColumn, Request
from pretzel.data_plane.transport.wire cimport (
    BYTES, END, FIELD, Field, Reader, Span, next_field, read_varint, reader_of,
)

cdef enum:  # fields of a request
    VERSION = 2
    LABEL = 3
    PARAMETERS = 4
    TENSORS = 5
    OUTPUTS = 6
    CONTENTS = 7

cdef enum:  # fields of a tensor; the first two are those of a column
    SHAPE = 3
    LAST = 5

cdef enum:
    IDLE_BYTES = 39

# The parameter without its last byte, which is the value of its bool.
cdef const char* IDLE = b"\n\x22triton_enable_empty_final_response\x12\x02\x08"


cdef class InferRequest(Request):
    """One request for inference; reading another reuses its memory."""

    cdef bint read_infer(self, bytes message) except -1:
        cdef Reader reader = self.start(message)
        self.version = self.label = Span(NULL, 0)
        self.raw, self.cut = 0, None
        return self.read_fields(&reader)

    cdef bint read_fields(self, Reader* reader) noexcept nogil:
        cdef Field field
        cdef int found
        while True:
            found = next_field(reader, &field)
            if found != FIELD:
                return found == END and self.raw == self.count and is_utf8(self.label)
            if field.number > CONTENTS:
                continue
            if field.wire != BYTES or not self.take_field(&field, reader):
                return False

    cdef bint take_field(self, const Field* field, const Reader* reader) noexcept nogil:
        cdef RawColumn* column
        if field.number == TENSORS:
            column = self.add_column() if self.raw == 0 else NULL
            return column != NULL and read_tensor(column, field.bytes)
        if field.number == CONTENTS:
            return self.take_contents(field.bytes)
        if field.number == VERSION:
            return set_once(&self.version, field.bytes)
        if field.number == LABEL:
            return set_once(&self.label, field.bytes)
        if field.number == PARAMETERS:
            return is_idle(field.bytes)
        return self.take_name(field, reader, False)

    cdef bint take_contents(self, Span contents) noexcept nogil:
        """Take the contents of the next tensor; all tensors were read, as protobuf writes fields by number."""
        if self.raw == self.count:
            return False
        self.columns[self.raw].parts[DATA] = contents
        self.raw += 1
        return True


cdef bint is_idle(Span parameter) noexcept nogil:
    """Return whether a parameter is the one without effect here, with a bool."""
    return parameter.length == IDLE_BYTES + 1 and memcmp(parameter.at, IDLE, IDLE_BYTES) == 0 and (
        <uint8_t>parameter.at[IDLE_BYTES] <= 1
    )


cdef bint set_once(Span* span, Span value) noexcept nogil:
    if span.at != NULL:
        return False
    span[0] = value
    return True


cdef bint read_tensor(RawColumn* column, Span bytes) noexcept nogil:
    cdef Reader reader = reader_of(bytes)
    cdef Field field
    cdef int found, seen = 0
    memset(column, 0, sizeof(RawColumn))
    while True:
        found = next_field(&reader, &field)
        if found != FIELD:
            return found == END and seen & 1 << SHAPE
        if field.number > LAST:
            continue
        if field.number > SHAPE or field.wire != BYTES or seen & 1 << field.number:
            return False
        seen |= 1 << field.number
        if field.number != SHAPE:
            column.parts[NAME if field.number == NAME else TYPE] = field.bytes
        elif not read_shape(column, field.bytes):
            return False


cdef bint read_shape(RawColumn* column, Span packed) noexcept nogil:
    """Read one or two sizes; `[rows]` means `[rows, 1]`."""
    cdef Reader reader = reader_of(packed)
    cdef uint64_t rows, width = 1
    if not read_varint(&reader, &rows) or (reader.at < reader.end and not read_varint(&reader, &width)):
        return False
    column.rows, column.width = <int64_t>rows, <int64_t>width
    return reader.at == reader.end


cdef list outputs_in(Span run):
    """Return the names of requested outputs, as bytes; None if one is not usual, as those with parameters are."""
    cdef Reader reader = reader_of(run)
    cdef Field field
    cdef Span name
    cdef list names = []
    while next_field(&reader, &field) == FIELD:
        if not read_output(&name, field.bytes):
            return None
        names.append(name.at[:name.length])
    return names


cdef bint read_output(Span* name, Span bytes) noexcept nogil:
    cdef Reader reader = reader_of(bytes)
    cdef Field field
    return next_field(&reader, &field) == FIELD and field.number == NAME and field.wire == BYTES and (
        take_only(name, &field, &reader)
    )


cdef bint take_only(Span* name, const Field* field, const Reader* reader) noexcept nogil:
    name[0] = field.bytes
    return reader.at == reader.end


def decoded(bytes message not None):
    """Return a request as plain values, or None if it is not accepted.  For tests."""
    cdef InferRequest request = InferRequest()
    if not request.read_infer(message):
        return None
    outputs = outputs_in(request.outputs)
    if outputs is None:
        return None
    tensors = [tensor_of(&request.columns[i]) for i in range(request.count)]
    head = [bytes_of(request.model), bytes_of(request.version), bytes_of(request.label)]
    return {"head": head, "tensors": tensors, "outputs": outputs}


cdef tuple tensor_of(const RawColumn* column):
    return (bytes_of(column.parts[NAME]), bytes_of(column.parts[TYPE]), column.rows, column.width,
            bytes_of(column.parts[DATA]))


cdef bytes bytes_of(Span span):
    return span.at[:span.length]
