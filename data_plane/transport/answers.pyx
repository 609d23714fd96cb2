"""Writes responses: the bytes that protobuf would write, in one pass and without its objects."""

from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memset

from pretzel.data_plane.transport.decode cimport (
    DATA, INDICES, LENGTHS, MISSING, ROWS, STARTS, RawColumn,
)
from pretzel.data_plane.transport.wire cimport (
    VARINT, Span, field_size, varint_size, write_head, write_span, write_varint,
)
from pretzel.kernels.frame cimport MOST_BYTES, OK, OUT_OF_MEMORY, REFUSED, Slot, Text, reserve
from pretzel.kernels.marshal cimport DENSE, RAGGED, SPARSE, pack
from pretzel.kernels.shapes cimport Shape

cdef enum:  # fields of the responses
    COLUMNS = 3
    ID = 1
    RESPONSE = 2


cdef int take_slot(Values* values, Slot* slot, const Shape* shape, int64_t rows) noexcept nogil:
    memset(values, 0, sizeof(Values))
    if shape.layout == RAGGED:
        return REFUSED
    if shape.is_text:
        return take_texts(values, slot, rows * shape.width)
    if shape.layout == SPARSE:
        return take_sparse(values, slot, shape.itemsize, rows)
    values.parts[DATA] = Span(slot.origin, rows * shape.width * shape.itemsize)
    return OK


cdef int take_sparse(Values* values, Slot* slot, int64_t itemsize, int64_t rows) noexcept nogil:
    cdef int64_t stored = slot.starts[rows]
    if slot.starts[0] != 0:  # rows of a larger value: their starts would have to be rewritten
        return REFUSED
    values.parts[DATA] = Span(<char*>slot.values, stored * itemsize)
    values.parts[INDICES] = Span(<char*>slot.columns, stored * 4)
    values.parts[STARTS] = Span(<char*>slot.starts, (rows + 1) * 8)
    return OK


cdef int take_texts(Values* values, Slot* slot, int64_t count) noexcept nogil:
    """Pack texts into the memory for columns and starts, which a slot of texts does not use."""
    cdef const Text* texts = <const Text*>slot.values
    cdef int64_t total = 0, i
    cdef bint missing = False
    for i in range(count):
        missing |= texts[i].length < 0
        total += max(texts[i].length, <int64_t>0)
    if reserve(&slot.own_columns, total + 64) != OK or reserve(&slot.own_starts, 5 * count + 64) != OK:
        return OUT_OF_MEMORY
    memset(<char*>slot.own_starts.at + 4 * count, 0, <size_t>count)
    pack(texts, count, <char*>slot.own_columns.at, <uint32_t*>slot.own_starts.at,
         <uint8_t*>slot.own_starts.at + 4 * count)
    values.parts[DATA] = Span(<char*>slot.own_columns.at, total)
    values.parts[LENGTHS] = Span(<char*>slot.own_starts.at, 4 * count)
    values.parts[MISSING] = Span(<char*>slot.own_starts.at + 4 * count, count if missing else 0)
    return OK


cdef void take_column(Values* values, const RawColumn* column) noexcept nogil:
    cdef int i
    memset(values, 0, sizeof(Values))
    for i in range(DATA, STARTS + 1):
        values.parts[i] = column.parts[i]


cdef int64_t measure(Values* values, const Output* outputs, int count, int64_t rows) noexcept nogil:
    cdef int64_t total = 0, size, length
    cdef int i, part
    for i in range(count):
        size = outputs[i].head.length + outputs[i].tail.length
        if rows:
            size += 1 + varint_size(<uint64_t>rows)
        for part in range(DATA, STARTS + 1):
            length = values[i].parts[part].length
            if length:
                size += field_size(length)
        values[i].size = size
        total += field_size(size)
    return total


cdef int64_t enveloped(const Envelope* envelope, int64_t columns) noexcept nogil:
    cdef int64_t size = envelope.head.length + columns
    if not envelope.streamed:
        return size
    return field_size(size) + (1 + varint_size(envelope.id) if envelope.id else 0)


cdef void write_response(
    char* to, const Envelope* envelope, const Values* values, const Output* outputs, int count, int64_t rows,
    int64_t columns
) noexcept nogil:
    cdef int i
    if envelope.streamed:
        to = write_number(to, ID, envelope.id)
        to = write_head(to, RESPONSE, envelope.head.length + columns)
    to = write_span(to, envelope.head)
    for i in range(count):
        to = write_column(to, &values[i], &outputs[i], rows)


cdef char* write_column(char* to, const Values* values, const Output* output, int64_t rows) noexcept nogil:
    cdef int part
    to = write_head(to, COLUMNS, values.size)
    to = write_span(to, output.head)
    to = write_number(to, ROWS, <uint64_t>rows)
    for part in range(DATA, STARTS + 1):
        if values.parts[part].length:
            to = write_head(to, part, values.parts[part].length)
            to = write_span(to, values.parts[part])
    return write_span(to, output.tail)


cdef char* write_number(char* to, int number, uint64_t value) noexcept nogil:
    if value == 0:
        return to
    to[0] = <char>(number << 3 | VARINT)
    return write_varint(to + 1, value)
