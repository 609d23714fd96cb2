"""Checks columns of requests in place, and points the slots of a program at them."""

from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint32_t, uint8_t
from libc.string cimport memcpy

from pretzel.data_plane.transport.decode cimport DATA, INDICES, LENGTHS, MISSING, STARTS, TYPE, RawColumn
from pretzel.data_plane.transport.wire cimport Span, same
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Slot, Text, reserve
from pretzel.kernels.marshal cimport DENSE, RAGGED, SPARSE
from pretzel.kernels.memory cimport place_columns, place_dense, place_numbers, place_starts, place_texts

cdef extern from "texts.h" nogil:
    int texts_encoding(const uint8_t* at, int64_t length)
    bint texts_fill(const uint8_t* lengths, int64_t count, int64_t total)
    bint texts_are_whole(const uint8_t* data, const uint8_t* lengths, int64_t count)
    bint texts_may_miss(const uint8_t* missing, const uint8_t* lengths, int64_t count)

cdef enum:
    MOST_EMPTY_ROWS = 1 << 20  # MAX_EMPTY_ROWS of plan/wire/columns.py
    NOT_UTF8 = -1
    ASCII = 1


cdef bint fits(const Input* taken, const RawColumn* column) noexcept nogil:
    cdef int64_t count
    if not 0 <= column.rows <= (INT32_MAX if taken.shape.width else MOST_EMPTY_ROWS):
        return False
    if not same(taken.type, column.parts[TYPE]):
        return False
    if taken.shape.layout != DENSE:
        count = count_by(column.parts[STARTS], column.rows)
        if count < 0:
            return False
    else:
        count = column.rows * taken.shape.width
        if column.parts[STARTS].length:
            return False
    if taken.shape.layout != SPARSE and column.parts[INDICES].length:
        return False
    if taken.is_framed:
        return framed_fit(column.parts[DATA], count)
    if taken.shape.is_text:
        return (taken.shape.layout == DENSE or column.parts[MISSING].length == 0) and texts_fit(column, count)
    return numbers_fit(taken, column, count)


cdef bint holds(Span part, int64_t count, int64_t itemsize) noexcept nogil:
    # Divided, because the product may overflow.
    return part.length % itemsize == 0 and part.length // itemsize == count


cdef int64_t count_by(Span starts, int64_t rows) noexcept nogil:
    """Return the number of values of rows that start there, or -1 if the starts do not rise from 0."""
    cdef int64_t last, start, i
    if not holds(starts, rows + 1, 8):
        return -1
    memcpy(&last, starts.at, 8)
    if last != 0:
        return -1
    for i in range(1, rows + 1):
        memcpy(&start, starts.at + 8 * i, 8)
        if start < last:
            return -1
        last = start
    return last


cdef bint numbers_fit(const Input* taken, const RawColumn* column, int64_t count) noexcept nogil:
    cdef Span data = column.parts[DATA]
    cdef int64_t i
    if column.parts[LENGTHS].length or column.parts[MISSING].length or not holds(data, count, taken.shape.itemsize):
        return False
    if taken.shape.layout == SPARSE:
        return holds(column.parts[INDICES], count, 4) and within(column.parts[INDICES], taken.shape.width)
    if taken.is_bool:
        for i in range(count):
            if (<const uint8_t*>data.at)[i] > 1:
                return False
    return True


cdef bint within(Span indices, int64_t width) noexcept nogil:
    cdef int32_t index
    cdef int64_t i
    for i in range(indices.length // 4):
        memcpy(&index, indices.at + 4 * i, 4)
        if not 0 <= index < width:
            return False
    return True


cdef bint texts_fit(const RawColumn* column, int64_t count) noexcept nogil:
    cdef Span data = column.parts[DATA], missing = column.parts[MISSING]
    cdef const uint8_t* lengths = <const uint8_t*>column.parts[LENGTHS].at
    cdef int encoding
    if not holds(column.parts[LENGTHS], count, 4) or not texts_fill(lengths, count, data.length):
        return False
    encoding = texts_encoding(<const uint8_t*>data.at, data.length)
    if encoding == NOT_UTF8 or (encoding != ASCII and not texts_are_whole(<const uint8_t*>data.at, lengths, count)):
        return False
    if missing.length == 0:
        return True
    return missing.length == count and texts_may_miss(<const uint8_t*>missing.at, lengths, count)


cdef bint framed_fit(Span data, int64_t count) noexcept nogil:
    cdef Span text
    cdef int64_t at = 0, i
    if count > data.length // 4:
        return False
    for i in range(count):
        if at + 4 > data.length:
            return False
        text = framed_at(data.at + at)
        at += 4 + text.length
        if at > data.length or not is_utf8(text):
            return False
    return at == data.length


cdef Span framed_at(const char* at) noexcept nogil:
    cdef uint32_t length
    memcpy(&length, at, 4)
    return Span(at + 4, length)


cdef bint is_utf8(Span text) noexcept nogil:
    return texts_encoding(<const uint8_t*>text.at, text.length) != NOT_UTF8


cdef int place_framed(Slot* slot, const char* at, int64_t count) noexcept nogil:
    cdef Text* texts
    cdef Span text
    cdef int64_t i
    if reserve(&slot.own_values, count * sizeof(Text) + 64) != OK:
        return OUT_OF_MEMORY
    texts = <Text*>slot.own_values.at
    slot.origin = <char*>texts
    for i in range(count):
        text = framed_at(at)
        texts[i].at, texts[i].length = text.at, text.length
        at = text.at + text.length
    return OK


cdef int place(Slot* slot, const Input* taken, const RawColumn* column) noexcept nogil:
    cdef Span data = column.parts[DATA], missing = column.parts[MISSING]
    if taken.shape.layout != DENSE and place_starts(slot, column.parts[STARTS].at, column.rows) != OK:
        return OUT_OF_MEMORY
    if taken.is_framed:
        return place_framed(slot, data.at, column.rows * taken.shape.width)
    if taken.shape.is_text:
        return place_texts(
            slot, data.at, column.parts[LENGTHS].at, <const uint8_t*>missing.at if missing.length else NULL,
            column.parts[LENGTHS].length // 4,
        )
    if taken.shape.layout == SPARSE:
        if place_columns(slot, column.parts[INDICES].at, column.parts[INDICES].length // 4) != OK:
            return OUT_OF_MEMORY
    if taken.shape.layout == DENSE:
        return place_dense(slot, data.at, data.length // taken.shape.itemsize, taken.shape.itemsize)
    return place_numbers(slot, data.at, data.length // taken.shape.itemsize, taken.shape.itemsize)


def encoding(bytes data not None):
    """Return 1 for ASCII, 0 for other UTF-8, -1 for other bytes.  For tests."""
    return texts_encoding(<const uint8_t*><const char*>data, len(data))
