"""Texts rewritten one by one: other cases, replacements and padding."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve
from pretzel.kernels.text.lowercase cimport lower, lower_character

cdef extern from "string.h" nogil:
    void* memmem(const void* where, size_t length, const void* what, size_t size)

cdef extern from "unicode_tables.h" nogil:
    const uint16_t UPPER_INDEX[]
    const uint32_t UPPER_BLOCKS[]
    const uint8_t UPPER_HEAP[]
    const uint16_t FOLD_INDEX[]
    const uint32_t FOLD_BLOCKS[]
    const uint8_t FOLD_HEAP[]
    const uint16_t TITLE_INDEX[]
    const uint32_t TITLE_BLOCKS[]
    const uint8_t TITLE_HEAP[]
    const uint16_t SIMPLE_LOWER_INDEX[]
    const uint32_t SIMPLE_LOWER_BLOCKS[]
    const uint8_t SIMPLE_LOWER_HEAP[]
    const uint16_t SIMPLE_UPPER_INDEX[]
    const uint32_t SIMPLE_UPPER_BLOCKS[]
    const uint8_t SIMPLE_UPPER_HEAP[]
    const uint16_t KIND_INDEX[]
    const uint8_t KIND_BLOCKS[]
    enum:
        UNICODE_JOINED

cdef extern from "mapping.h" nogil:
    ctypedef struct Mapping:
        const uint16_t* index
        const uint32_t* blocks
        const uint8_t* heap
    const int TEXT_BLOCK
    uint32_t utf8_at(const uint8_t* p, const uint8_t* end, int* size)
    int64_t mapping_put(const Mapping* m, uint32_t c, const uint8_t* p, int size, uint8_t* out)
    int64_t mapping_text(const Mapping* m, const uint8_t* p, int64_t length, uint8_t* out)

cdef Mapping UPPER, FOLD, TITLE, SIMPLE_LOWER, SIMPLE_UPPER
SIMPLE_LOWER.index, SIMPLE_LOWER.blocks, SIMPLE_LOWER.heap = SIMPLE_LOWER_INDEX, SIMPLE_LOWER_BLOCKS, SIMPLE_LOWER_HEAP
SIMPLE_UPPER.index, SIMPLE_UPPER.blocks, SIMPLE_UPPER.heap = SIMPLE_UPPER_INDEX, SIMPLE_UPPER_BLOCKS, SIMPLE_UPPER_HEAP
UPPER.index, UPPER.blocks, UPPER.heap = UPPER_INDEX, UPPER_BLOCKS, UPPER_HEAP
FOLD.index, FOLD.blocks, FOLD.heap = FOLD_INDEX, FOLD_BLOCKS, FOLD_HEAP
TITLE.index, TITLE.blocks, TITLE.heap = TITLE_INDEX, TITLE_BLOCKS, TITLE_HEAP

cdef enum Case:
    LOWER_CASE, UPPER_CASE, FOLDED, TITLE_CASE, CAPITALIZED, LOWER_SIMPLY, UPPER_SIMPLY, CAPITALIZED_SIMPLY

cdef enum Side:
    LEFT, RIGHT, BOTH, SIGN

cdef dict CASES = {
    "lower": LOWER_CASE, "upper": UPPER_CASE, "casefold": FOLDED, "title": TITLE_CASE, "capitalize": CAPITALIZED,
    "simple_lower": LOWER_SIMPLY, "simple_upper": UPPER_SIMPLY, "simple_capitalize": CAPITALIZED_SIMPLY,
}
cdef dict SIDES = {"left": LEFT, "right": RIGHT, "both": BOTH, "sign": SIGN}


cdef class Rewrite(Kernel):
    """A kernel that writes a new text for each text: ``str`` in, ``str`` out.  Keeps missing texts."""

    cdef int64_t put(self, const Text* text, uint8_t* out) noexcept nogil:
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef Text* out = <Text*>output.values
        cdef uint8_t* free_bytes
        cdef int64_t total = 0, row
        for row in range(frame.rows):
            out[row].length = texts[row].length
            if texts[row].length >= 0:
                out[row].length = self.put(&texts[row], NULL)
                total += out[row].length
        if reserve(&output.own_bytes, total + 64) != OK:
            return OUT_OF_MEMORY
        free_bytes = <uint8_t*>output.own_bytes.at
        for row in range(frame.rows):
            out[row].at = <const char*>free_bytes
            if texts[row].length >= 0:
                self.put(&texts[row], free_bytes)
                free_bytes += out[row].length
        return OK


cdef class ChangeCase(Rewrite):
    """Each text in another case, as by the method of ``str`` that ``form`` names."""

    cdef int form

    def __init__(self, inputs, output, *, form):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        self.form = CASES[form]

    cdef int64_t put(self, const Text* text, uint8_t* out) noexcept nogil:
        cdef const uint8_t* p = <const uint8_t*>text.at
        if self.form == LOWER_CASE:
            return lower(p, text.length, out)
        if self.form == UPPER_CASE:
            return mapping_text(&UPPER, p, text.length, out)
        if self.form == FOLDED:
            return mapping_text(&FOLD, p, text.length, out)
        if self.form == LOWER_SIMPLY:
            return mapping_text(&SIMPLE_LOWER, p, text.length, out)
        if self.form == UPPER_SIMPLY:
            return mapping_text(&SIMPLE_UPPER, p, text.length, out)
        if self.form == CAPITALIZED_SIMPLY:
            return put_simply(p, text.length, out)
        return put_title(p, p + text.length, self.form == TITLE_CASE, out)


cdef inline int64_t put_simply(const uint8_t* p, int64_t length, uint8_t* out) noexcept nogil:
    """Write the first character in upper case and the others in lower case, each as one character."""
    cdef int64_t written
    cdef uint32_t c
    cdef int size
    if length == 0:
        return 0
    c = utf8_at(p, p + length, &size)
    written = mapping_put(&SIMPLE_UPPER, c, p, size, out)
    return written + mapping_text(&SIMPLE_LOWER, p + size, length - size, NULL if out == NULL else out + written)


cdef inline int64_t put_title(const uint8_t* start, const uint8_t* end, bint each_word, uint8_t* out) noexcept nogil:
    """Write the first character, of each word or of the text, in title case, and the others in lower case."""
    cdef const uint8_t* p = start
    cdef uint8_t* to
    cdef int64_t written = 0
    cdef uint32_t c
    cdef int size
    cdef bint inside = False
    while p < end:
        c = utf8_at(p, end, &size)
        to = NULL if out == NULL else out + written
        if inside:
            written += lower_character(start, p, end, c, size, to)
        else:
            written += mapping_put(&TITLE, c, p, size, to)
        inside = is_joined(c) if each_word else True
        p += size
    return written


cdef inline bint is_joined(uint32_t c) noexcept nogil:
    return KIND_BLOCKS[<uint32_t>KIND_INDEX[c // TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK] & UNICODE_JOINED


cdef class ReplaceText(Rewrite):
    """Each text with every ``old`` in it replaced by ``new``, from left to right."""

    cdef bytes old_bytes, new_bytes
    cdef const char* old
    cdef const char* new
    cdef int64_t old_length, new_length

    def __init__(self, inputs, output, *, old, new):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        self.old_bytes, self.new_bytes = old.encode(), new.encode()
        self.old, self.old_length = self.old_bytes, len(self.old_bytes)
        self.new, self.new_length = self.new_bytes, len(self.new_bytes)
        if not self.old_length:
            raise ValueError("old: expected a text that is not empty")

    cdef int64_t put(self, const Text* text, uint8_t* out) noexcept nogil:
        cdef const char* p = text.at
        cdef const char* end = p + text.length
        cdef const char* found
        cdef int64_t written = 0
        while True:
            found = <const char*>memmem(p, end - p, self.old, self.old_length)
            written += copied(p, (end if found == NULL else found) - p, out, written)
            if found == NULL:
                return written
            written += copied(self.new, self.new_length, out, written)
            p = found + self.old_length


cdef inline int64_t copied(const char* from_, int64_t length, uint8_t* out, int64_t at) noexcept nogil:
    if out != NULL:
        memcpy(out + at, from_, <size_t>length)
    return length


cdef class PadText(Rewrite):
    """Each text filled up to ``width`` characters with ``fill`` on a side, or after a sign."""

    cdef bytes fill_bytes
    cdef const char* fill
    cdef int64_t fill_length, width
    cdef int side

    def __init__(self, inputs, output, *, width, fill, side):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        self.fill_bytes, self.width, self.side = fill.encode(), width, SIDES[side]
        self.fill, self.fill_length = self.fill_bytes, len(self.fill_bytes)

    cdef int64_t put(self, const Text* text, uint8_t* out) noexcept nogil:
        cdef int64_t more = max(self.width - characters(text), <int64_t>0), before = 0, head = 0, written, i
        if self.side == LEFT or self.side == SIGN:
            before = more
        elif self.side == BOTH:
            before = more // 2 + (more & self.width & 1)
        if self.side == SIGN and text.length > 0 and (text.at[0] == 43 or text.at[0] == 45):
            head = 1
        written = copied(text.at, head, out, 0)
        for i in range(before):
            written += copied(self.fill, self.fill_length, out, written)
        written += copied(text.at + head, text.length - head, out, written)
        for i in range(more - before):
            written += copied(self.fill, self.fill_length, out, written)
        return written


cdef inline int64_t characters(const Text* text) noexcept nogil:
    """Return the number of characters: the bytes that do not continue one."""
    cdef int64_t count = 0, i
    for i in range(text.length):
        count += (<uint8_t>text.at[i] & 0xC0) != 0x80
    return count


cdef class SurroundText(Rewrite):
    """Each text between two others."""

    cdef bytes before, after
    cdef const char* first
    cdef const char* last
    cdef int64_t first_length, last_length

    def __init__(self, inputs, output, *, before, after):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), 1)
        self.before, self.after = before.encode(), after.encode()
        self.first, self.last = self.before, self.after
        self.first_length, self.last_length = len(self.before), len(self.after)

    cdef int64_t put(self, const Text* text, uint8_t* out) noexcept nogil:
        cdef int64_t written = copied(self.first, self.first_length, out, 0)
        written += copied(text.at, text.length, out, written)
        return written + copied(self.last, self.last_length, out, written)
