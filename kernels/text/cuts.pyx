"""Parts of texts: without the characters at their ends, and slices; they point into the texts."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, Frame, Slot, Text
from pretzel.kernels.kernel cimport Kernel

import numpy as np

cdef extern from "unicode_tables.h" nogil:
    const uint16_t PROPERTY_INDEX[]
    const uint8_t PROPERTY_BLOCKS[]
    enum:
        UNICODE_SPACE

cdef extern from "utf8.h" nogil:
    const int TEXT_BLOCK
    uint32_t utf8_at(const uint8_t* p, const uint8_t* end, int* size)
    uint32_t utf8_before(const uint8_t* p, const uint8_t* start, int* size)
    bint utf8_is_ascii(const uint8_t* p, int64_t length)


cdef class Cut(Kernel):
    """A kernel that returns a part of each text: ``str`` in, ``str`` out.  Keeps missing texts."""

    cdef void cut(self, Text* text) noexcept nogil:
        pass

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            out[row] = texts[row]
            if out[row].length > 0:
                self.cut(&out[row])
        return OK


cdef class StripText(Cut):
    """Each text without the characters of a set at its left, right or both ends; of white space if the set is empty."""

    cdef bint left, right
    cdef const uint32_t[::1] characters

    def __init__(self, inputs, output, *, characters, side):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        self.left, self.right = side in ("left", "both"), side in ("right", "both")
        self.characters = np.array(sorted(set(map(ord, characters))), np.uint32)

    cdef void cut(self, Text* text) noexcept nogil:
        cdef const uint8_t* start = <const uint8_t*>text.at
        cdef const uint8_t* end = start + text.length
        cdef int size
        while self.left and start < end and self.has(utf8_at(start, end, &size)):
            start += size
        while self.right and start < end and self.has(utf8_before(end, start, &size)):
            end -= size
        text.at, text.length = <const char*>start, end - start

    cdef inline bint has(self, uint32_t c) noexcept nogil:
        cdef int64_t i
        cdef uint32_t block = PROPERTY_INDEX[c // TEXT_BLOCK]
        if self.characters.shape[0] == 0:
            return PROPERTY_BLOCKS[block * TEXT_BLOCK + c % TEXT_BLOCK] & UNICODE_SPACE
        for i in range(self.characters.shape[0]):
            if self.characters[i] == c:
                return True
        return False


cdef class SliceText(Cut):
    """The characters from ``start`` to ``stop`` of each text; negative ones count from its end."""

    cdef int64_t start, stop

    def __init__(self, inputs, output, *, start, stop):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        self.start, self.stop = start, stop

    cdef void cut(self, Text* text) noexcept nogil:
        cdef const uint8_t* first = <const uint8_t*>text.at
        cdef const uint8_t* end = first + text.length
        cdef bint ascii = utf8_is_ascii(first, text.length)
        cdef int64_t length = text.length if ascii else 0, start = self.start, stop = self.stop, i
        if not ascii and (start < 0 or stop < 0):
            for i in range(text.length):
                length += (first[i] & 0xC0) != 0x80
        start = start if start >= 0 else max(start + length, <int64_t>0)
        stop = stop if stop >= 0 else max(stop + length, <int64_t>0)
        first = forward(first, end, start, ascii)
        text.at = <const char*>first
        text.length = forward(first, end, max(stop - start, <int64_t>0), ascii) - first


cdef inline const uint8_t* forward(const uint8_t* p, const uint8_t* end, int64_t count, bint ascii) noexcept nogil:
    """Return the place so many characters after p, at most the end."""
    cdef int size
    if ascii:
        return p + min(count, <int64_t>(end - p))
    while count > 0 and p < end:
        utf8_at(p, end, &size)
        p += size
        count -= 1
    return p
