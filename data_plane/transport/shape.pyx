"""The shape of a header block: what is the same in calls to one method that differ in the values of metadata only."""

from libc.stdint cimport uint8_t
from libc.string cimport memcpy

cdef enum:  # of HPACK
    INDEXED = 0x80
    CHANGING = 0x60     # it enters the table, or changes the table's size
    HUFFMAN = 0x80
    LONG = 0x7F         # a length of more bytes
    COLON = 0x3A
    HUFFMAN_COLON = 0x5C  # its seven bits
    MOST_INTEGER = 3
    MOST_IDENTIFIER = 200


cdef int shape_of(const uint8_t* block, Py_ssize_t size, uint8_t* shape) noexcept nogil:
    """Write the shape of a block, and return its size.

    0 if the block changes the table of the compression, is invalid, or too long.
    """
    cdef Py_ssize_t at = 0, part
    cdef int used = 0
    cdef bint is_metadata
    if size > MOST_SHAPE:
        return 0
    while at < size:
        is_metadata = False
        if block[at] & INDEXED:
            part = integer(block + at, size - at, 0x7F)
        elif block[at] & CHANGING:
            return 0
        else:
            part = integer(block + at, size - at, 0x0F)
            if part and not block[at] & 0x0F:  # its name follows
                is_metadata = part < size - at and not begins_with_colon(block + at + part, size - at - part)
                part = after_text(block, size, at + part) - at
            if part > 0 and not is_metadata:
                part = after_text(block, size, at + part) - at
        if part <= 0:
            return 0
        memcpy(shape + used, block + at, part)
        used += <int>part
        at += part
        if is_metadata:
            at = after_text(block, size, at)
            if at <= 0:
                return 0
    return used


cdef Py_ssize_t integer(const uint8_t* at, Py_ssize_t size, int most) noexcept nogil:
    """Return the bytes of an integer; 0 if it is too long."""
    cdef Py_ssize_t used = 1
    if size < 1:
        return 0
    if at[0] & most != most:
        return 1
    while used < size and used < MOST_INTEGER:
        used += 1
        if at[used - 1] < 0x80:
            return used
    return 0


cdef Py_ssize_t after_text(const uint8_t* block, Py_ssize_t size, Py_ssize_t at) noexcept nogil:
    """Return the end of a name or a value; -1 if the block ends before."""
    cdef Py_ssize_t length
    if at >= size:
        return -1
    length = block[at] & LONG
    at += 1
    if length == LONG:  # of two bytes at most
        if at >= size or block[at] >= 0x80:
            return -1
        length += block[at]
        at += 1
    return at + length if at + length <= size else -1


cdef bint begins_with_colon(const uint8_t* text, Py_ssize_t size) noexcept nogil:
    """Return whether a name is that of a pseudo-header, such as the path."""
    if size < 2:
        return True
    return text[1] == COLON if not text[0] & HUFFMAN else text[1] >> 1 == HUFFMAN_COLON


cdef Py_ssize_t field_at(const uint8_t* block, Py_ssize_t size, int place, Py_ssize_t* begin) noexcept nogil:
    """Return the end of the field at a place of a block that has a shape, and set its begin; 0 if there is none."""
    cdef Py_ssize_t at = 0, end
    cdef int i
    for i in range(place + 1):
        if at >= size:
            return 0
        begin[0] = at
        if block[at] & INDEXED:
            end = at + integer(block + at, size - at, 0x7F)
        else:
            end = at + integer(block + at, size - at, 0x0F)
            if not block[at] & 0x0F:
                end = after_text(block, size, end)
            end = after_text(block, size, end)
        if end <= at:
            return 0
        at = end
    return at


cdef Py_ssize_t readable_field(
    const uint8_t* block, Py_ssize_t size, int place, const uint8_t** field
) noexcept nogil:
    """Return the size of a field at a place of a block, and set ``field``.

    0 if it is not a literal, or its value is not up to 200 visible characters, uncompressed.
    """
    cdef Py_ssize_t begin = 0, end = field_at(block, size, place, &begin), at
    if end - begin < 3 or block[begin] & 0xEF:  # never to be indexed, or not now
        return 0
    at = after_text(block, end, begin + 1)
    if at <= 0 or at >= end or block[at] & HUFFMAN or after_text(block, end, at) != end:
        return 0
    at += 2 if block[at] == LONG else 1
    if not 0 < end - at <= MOST_IDENTIFIER:
        return 0
    while at < end:
        if not 0x21 <= block[at] <= 0x7E:
            return 0
        at += 1
    field[0] = block + begin
    return end - begin
