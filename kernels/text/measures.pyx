"""Tests of texts, and numbers of them: lengths, counts and places."""

from cython cimport final
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcmp

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, Frame, Slot, Text
from pretzel.kernels.kernel cimport Kernel

cdef extern from "string.h" nogil:
    void* memmem(const void* where, size_t length, const void* what, size_t size)

cdef extern from "unicode_tables.h" nogil:
    const uint16_t PROPERTY_INDEX[]
    const uint8_t PROPERTY_BLOCKS[]
    const uint16_t KIND_INDEX[]
    const uint8_t KIND_BLOCKS[]
    enum:
        UNICODE_SPACE
        UNICODE_ALPHA
        UNICODE_DECIMAL
        UNICODE_DIGIT
        UNICODE_NUMERIC
        UNICODE_LOWERED
        UNICODE_UPPERED
        UNICODE_TITLED

cdef extern from "utf8.h" nogil:
    const int TEXT_BLOCK
    uint32_t utf8_at(const uint8_t* p, const uint8_t* end, int* size)

cdef extern from "numbers.h" nogil:
    int number_read(const char* text, int64_t length, int whole, char* out)

cdef enum Function:
    MISSING, CONTAINS, STARTS, ENDS, EQUAL, SPACES, OF_KIND, CASED, NUMBER

cdef enum Measure:
    LENGTH, COUNT, FIND, OF_CHARACTERS

cdef dict FUNCTIONS = {
    "missing": (MISSING, 0), "contains": (CONTAINS, 0), "startswith": (STARTS, 0), "endswith": (ENDS, 0),
    "equal": (EQUAL, 0), "isspace": (SPACES, 0), "isalpha": (OF_KIND, UNICODE_ALPHA),
    "isdecimal": (OF_KIND, UNICODE_DECIMAL), "isdigit": (OF_KIND, UNICODE_DIGIT),
    "isnumeric": (OF_KIND, UNICODE_NUMERIC),
    "isalnum": (OF_KIND, UNICODE_ALPHA | UNICODE_DECIMAL | UNICODE_DIGIT | UNICODE_NUMERIC),
    "islower": (CASED, UNICODE_LOWERED), "isupper": (CASED, UNICODE_UPPERED),
    "float": (NUMBER, False), "int": (NUMBER, True),
}
cdef dict MEASURES = {"length": LENGTH, "count": COUNT, "find": FIND}


@final
cdef class TestText(Kernel):
    """Whether each text has a property: ``str`` in, ``bool`` out; a missing one has only ``missing``."""

    def __init__(self, inputs, output, *, function, text):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("bool",), 1)
        self.function, self.kinds = FUNCTIONS[function]
        self.text_bytes = text.encode()
        self.text, self.length = self.text_bytes, len(self.text_bytes)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef uint8_t* out = <uint8_t*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            if self.function == MISSING:
                out[row] = texts[row].length < 0
            else:
                out[row] = texts[row].length >= 0 and self.has(&texts[row])
        return OK

    cdef bint has(self, const Text* text) noexcept nogil:
        if self.function == SPACES or self.function == OF_KIND:
            return is_all(text, self.kinds)
        if self.function == CASED:
            return is_cased(text, self.kinds)
        if self.function == NUMBER:
            return number_read(text.at, text.length, self.kinds, NULL)
        if text.length < self.length:
            return False
        if self.function == CONTAINS:
            return self.length == 0 or memmem(text.at, text.length, self.text, self.length) != NULL
        if self.function == EQUAL and text.length != self.length:
            return False
        return self.length == 0 or memcmp(
            text.at + (text.length - self.length if self.function == ENDS else 0), self.text, <size_t>self.length
        ) == 0


cdef inline int kinds_of(uint32_t c) noexcept nogil:
    return KIND_BLOCKS[<uint32_t>KIND_INDEX[c // TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK]


cdef inline bint is_all(const Text* text, int kinds) noexcept nogil:
    """Return whether a text has characters, all of them of one of the kinds; white space for no kind."""
    cdef const uint8_t* p = <const uint8_t*>text.at
    cdef const uint8_t* end = p + text.length
    cdef uint32_t c
    cdef int size
    while p < end:
        c = utf8_at(p, end, &size)
        if kinds and not kinds_of(c) & kinds:
            return False
        if not kinds and not is_space(c):
            return False
        p += size
    return text.length > 0


cdef inline bint is_space(uint32_t c) noexcept nogil:
    return PROPERTY_BLOCKS[<uint32_t>PROPERTY_INDEX[c // TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK] & UNICODE_SPACE


cdef inline bint is_cased(const Text* text, int wanted) noexcept nogil:
    """Return whether a character of a text has the case, and none has another."""
    cdef const uint8_t* p = <const uint8_t*>text.at
    cdef const uint8_t* end = p + text.length
    cdef int others = (UNICODE_LOWERED | UNICODE_UPPERED | UNICODE_TITLED) & ~wanted, kinds, size
    cdef bint found = False
    while p < end:
        kinds = kinds_of(utf8_at(p, end, &size))
        if kinds & others:
            return False
        found = found or kinds & wanted
        p += size
    return found


@final
cdef class MeasureText(Kernel):
    """A number of each text: ``str`` in, ``i64`` out; 0 of a missing text, or -1 for the place of another text."""

    def __init__(self, inputs, output, *, function, text):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("i64",), 1)
        self.function, self.kinds = MEASURES.get(function, OF_CHARACTERS), FUNCTIONS.get(function, (0, 0))[1]
        self.text_bytes = text.encode()
        self.text, self.length = self.text_bytes, len(self.text_bytes)
        if self.function in (COUNT, FIND) and not self.length:
            raise ValueError("text: expected one that is not empty")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef int64_t* out = <int64_t*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            out[row] = self.measure(&texts[row])
        return OK

    cdef int64_t measure(self, const Text* text) noexcept nogil:
        if text.length < 0:
            return -1 if self.function == FIND else 0
        if self.function == LENGTH:
            return characters(text.at, text.length)
        if self.function == OF_CHARACTERS:
            return count_of_kind(text, self.kinds)
        return self.count(text) if self.function == COUNT else self.find(text)

    cdef int64_t count(self, const Text* text) noexcept nogil:
        cdef const char* p = text.at
        cdef const char* end = p + text.length
        cdef int64_t found = 0
        while True:
            p = <const char*>memmem(p, end - p, self.text, self.length)
            if p == NULL:
                return found
            found += 1
            p += self.length

    cdef int64_t find(self, const Text* text) noexcept nogil:
        cdef const char* p = <const char*>memmem(text.at, text.length, self.text, self.length)
        return -1 if p == NULL else characters(text.at, p - text.at)


cdef inline int64_t count_of_kind(const Text* text, int kinds) noexcept nogil:
    """Return the number of characters of one of the kinds; of white space for no kind."""
    cdef const uint8_t* p = <const uint8_t*>text.at
    cdef const uint8_t* end = p + text.length
    cdef int64_t count = 0
    cdef uint32_t c
    cdef int size
    while p < end:
        c = utf8_at(p, end, &size)
        count += (kinds_of(c) & kinds) != 0 if kinds else is_space(c)
        p += size
    return count
