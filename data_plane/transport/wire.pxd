# The wire format of protobuf: a bounded reader of fields, and writers into memory of the right size.
from libc.stdint cimport int64_t, uint32_t, uint64_t, uint8_t
from libc.string cimport memcmp, memcpy

cdef enum:  # wire types; groups (3 and 4) are left to protobuf
    VARINT = 0
    FIXED64 = 1
    BYTES = 2
    FIXED32 = 5

cdef enum:  # results of next_field
    MALFORMED = -1
    END = 0
    FIELD = 1

# Bytes of a message or of a prepared part; not owned.
cdef struct Span:
    const char* at
    int64_t length

cdef struct Reader:
    const uint8_t* at
    const uint8_t* end

cdef struct Field:
    uint32_t number
    int wire
    const uint8_t* begin   # its tag
    uint64_t value         # of a VARINT
    Span bytes             # of BYTES


cdef inline Reader reader_of(Span span) noexcept nogil:
    cdef Reader reader
    reader.at = <const uint8_t*>span.at
    reader.end = reader.at + span.length
    return reader


cdef inline bint same(Span a, Span b) noexcept nogil:
    return a.length == b.length and (a.length == 0 or memcmp(a.at, b.at, <size_t>a.length) == 0)


# Reads a varint that fits into 64 bits; false if it is longer, or cut off.
cdef inline bint read_varint(Reader* reader, uint64_t* value) noexcept nogil:
    cdef uint64_t byte
    cdef int shift = 0
    value[0] = 0
    while reader.at < reader.end and shift < 64:
        byte = reader.at[0]
        reader.at += 1
        if shift == 63 and byte > 1:
            return False
        value[0] |= (byte & 0x7F) << shift
        if byte < 0x80:
            return True
        shift += 7
    return False


# Reads the next field, known or not.  Returns FIELD, END, or MALFORMED, also for a group.
cdef inline int next_field(Reader* reader, Field* field) noexcept nogil:
    cdef uint64_t tag, length
    field.begin, field.value = reader.at, 0
    field.bytes.at, field.bytes.length = NULL, 0
    if reader.at == reader.end:
        return END
    if not read_varint(reader, &tag) or tag > 0xFFFFFFFFu or tag < 8:
        return MALFORMED
    field.number, field.wire = <uint32_t>(tag >> 3), <int>(tag & 7)
    if field.wire == VARINT:
        return FIELD if read_varint(reader, &field.value) else MALFORMED
    if field.wire == BYTES:
        if not read_varint(reader, &length):
            return MALFORMED
        field.bytes.at = <const char*>reader.at
    elif field.wire == FIXED64 or field.wire == FIXED32:
        length = 8 if field.wire == FIXED64 else 4
    else:
        return MALFORMED
    if length > <uint64_t>(reader.end - reader.at):
        return MALFORMED
    field.bytes.length = <int64_t>length
    reader.at += length
    return FIELD


# Adds a field to a run of adjacent ones; returns false if other fields are between them.
cdef inline bint extend(Span* run, const Field* field, const Reader* after) noexcept nogil:
    if run.at == NULL:
        run.at = <const char*>field.begin
    elif run.at + run.length != <const char*>field.begin:
        return False
    run.length = <const char*>after.at - run.at
    return True


cdef inline int64_t varint_size(uint64_t value) noexcept nogil:
    cdef int64_t size = 1
    while value > 0x7F:
        value >>= 7
        size += 1
    return size


cdef inline char* write_varint(char* to, uint64_t value) noexcept nogil:
    while value > 0x7F:
        to[0] = <char>(value & 0x7F | 0x80)
        value >>= 7
        to += 1
    to[0] = <char>value
    return to + 1


# Size of a length-delimited field of a number below 16.
cdef inline int64_t field_size(int64_t length) noexcept nogil:
    return 1 + varint_size(<uint64_t>length) + length


# Writes tag and length of a length-delimited field of a number below 16.
cdef inline char* write_head(char* to, int number, int64_t length) noexcept nogil:
    to[0] = <char>(number << 3 | BYTES)
    return write_varint(to + 1, <uint64_t>length)


cdef inline char* write_span(char* to, Span span) noexcept nogil:
    if span.length:
        memcpy(to, span.at, <size_t>span.length)
    return to + span.length
