"""Texts in lower case, as ``str.lower`` returns them."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve
from pretzel.kernels.text.texts cimport TextKernel, reject_missing

cdef extern from "unicode_tables.h" nogil:
    const uint16_t LOWER_INDEX[]
    const uint32_t LOWER_BLOCKS[]
    const uint8_t LOWER_HEAP[]
    const uint16_t PROPERTY_INDEX[]
    const uint8_t PROPERTY_BLOCKS[]
    enum:
        UNICODE_CASED
        UNICODE_IGNORABLE

cdef extern from "mapping.h" nogil:
    ctypedef struct Mapping:
        const uint16_t* index
        const uint32_t* blocks
        const uint8_t* heap
    const int TEXT_BLOCK
    uint32_t utf8_at(const uint8_t* p, const uint8_t* end, int* size)
    uint32_t utf8_before(const uint8_t* p, const uint8_t* start, int* size)
    bint utf8_is_ascii(const uint8_t* p, int64_t length)
    int64_t mapping_put(const Mapping* m, uint32_t c, const uint8_t* p, int size, uint8_t* out)

cdef enum:
    CAPITAL_SIGMA = 0x3A3
    FINAL_SIGMA = 0x3C2

cdef Mapping LOWER
LOWER.index, LOWER.blocks, LOWER.heap = LOWER_INDEX, LOWER_BLOCKS, LOWER_HEAP


cdef class Lowercase(TextKernel):
    """``str.lower`` of each text: one-to-many mappings, and a sigma that ends a word, as in Python.

    ``str`` in, ``str`` out.  Rejects a missing text.
    """

    def __init__(self, inputs, output):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef uint8_t* free_bytes
        cdef int64_t total = 0, row
        for row in range(frame.rows):
            if texts[row].length < 0:
                return reject_missing(frame, row, &texts[row])
            out[row].length = lower(<const uint8_t*>texts[row].at, texts[row].length, NULL)
            total += out[row].length
        if reserve(&output.own_bytes, total + 64) != OK:
            return OUT_OF_MEMORY
        free_bytes = <uint8_t*>output.own_bytes.at
        for row in range(frame.rows):
            lower(<const uint8_t*>texts[row].at, texts[row].length, free_bytes)
            out[row].at = <const char*>free_bytes
            free_bytes += out[row].length
        return OK


cdef int64_t lower(const uint8_t* p, int64_t length, uint8_t* out) noexcept nogil:
    """Write a text in lower case and return its length; without ``out`` only count."""
    if not utf8_is_ascii(p, length):
        return lower_unicode(p, p + length, out)
    if out != NULL:
        lower_ascii(p, length, out)
    return length


cdef inline void lower_ascii(const uint8_t* p, int64_t length, uint8_t* out) noexcept nogil:
    cdef int64_t i
    for i in range(length):
        out[i] = p[i] + (32 if <uint8_t>(p[i] - 65) < 26 else 0)


cdef int64_t lower_unicode(const uint8_t* start, const uint8_t* end, uint8_t* out) noexcept nogil:
    cdef const uint8_t* p = start
    cdef int64_t written = 0
    cdef uint32_t c
    cdef int size
    while p < end:
        c = utf8_at(p, end, &size)
        written += lower_character(start, p, end, c, size, NULL if out == NULL else out + written)
        p += size
    return written


cdef int64_t lower_character(
    const uint8_t* start, const uint8_t* p, const uint8_t* end, uint32_t c, int size, uint8_t* out
) noexcept nogil:
    """Write the lower case of the character c at p, within its text."""
    if c != CAPITAL_SIGMA or not ends_word(start, p, end):
        return mapping_put(&LOWER, c, p, size, out)
    if out != NULL:
        out[0], out[1] = 0xC0 | FINAL_SIGMA >> 6, 0x80 | FINAL_SIGMA & 0x3F
    return 2


cdef bint ends_word(const uint8_t* start, const uint8_t* sigma, const uint8_t* end) noexcept nogil:
    """Return whether a cased character comes before the sigma and none after, ignoring characters that case ignores.

    A sigma is never ignored, so each stretch is walked at most twice, however many sigmas there are.
    """
    cdef const uint8_t* p = sigma
    cdef int bits = UNICODE_IGNORABLE, size
    while bits & UNICODE_IGNORABLE and p > start:
        bits = properties(utf8_before(p, start, &size))
        p -= size
    if not bits & UNICODE_CASED:
        return False
    p, bits = sigma + 2, UNICODE_IGNORABLE
    while bits & UNICODE_IGNORABLE and p < end:
        bits = properties(utf8_at(p, end, &size))
        p += size
    return not bits & UNICODE_CASED


cdef inline int properties(uint32_t c) noexcept nogil:
    return PROPERTY_BLOCKS[<uint32_t>PROPERTY_INDEX[c // TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK]
