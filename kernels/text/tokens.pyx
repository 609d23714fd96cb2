"""Parts of texts: splitting, choosing, counting and joining them; all but joined ones point into the texts."""

from libc.stdint cimport int64_t, uint8_t
from libc.string cimport memcpy

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport MISSING_NAN, OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve, reserve_ragged
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.text.rows cimport is_space

cdef extern from "string.h" nogil:
    void* memmem(const void* where, size_t length, const void* what, size_t size)


cdef class SplitText(Kernel):
    """The parts of each text between separators, or between runs of white space: ``str`` in, ``str[*]`` out."""

    cdef bytes separator_bytes
    cdef const char* separator
    cdef int64_t length, limit

    def __init__(self, inputs, output, *, separator, most):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), layout="ragged")
        self.separator_bytes = separator.encode()
        self.separator, self.length = self.separator_bytes, len(self.separator_bytes)
        self.limit = most if most >= 0 else <int64_t>1 << 62

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef int64_t most = 0, written = 0, row
        for row in range(frame.rows):
            most += max(texts[row].length, <int64_t>0) // max(self.length, <int64_t>1) + 1
        if reserve_ragged(frame, output, most) != OK:
            return OUT_OF_MEMORY
        output.starts[0] = 0
        for row in range(frame.rows):
            if texts[row].length >= 0:
                written += self.split(&texts[row], <Text*>output.values + written)
            output.starts[row + 1] = written
        return OK

    cdef inline int64_t split(self, const Text* text, Text* out) noexcept nogil:
        if self.length == 0:
            return split_words(<const uint8_t*>text.at, <const uint8_t*>text.at + text.length, self.limit, out)
        return self.split_at_separators(text.at, text.at + text.length, out)

    cdef inline int64_t split_at_separators(self, const char* p, const char* end, Text* out) noexcept nogil:
        cdef int64_t count = 0
        cdef char* found
        while True:
            found = NULL
            if count < self.limit:
                found = <char*>memmem(p, end - p, self.separator, self.length)
            out[count].at, out[count].length = p, (end if found == NULL else found) - p
            count += 1
            if found == NULL:
                return count
            p = found + self.length


cdef inline int64_t split_words(const uint8_t* p, const uint8_t* end, int64_t limit, Text* out) noexcept nogil:
    """Split at white space; what follows the last allowed split keeps the white space at its end."""
    cdef int64_t count = 0
    cdef const uint8_t* start
    cdef int size
    while True:
        while p < end and is_space(p, end, &size):
            p += size
        if p == end:
            return count
        start = p
        while p < end and (count >= limit or not is_space(p, end, &size)):
            p += size if count < limit else end - p
        out[count].at, out[count].length = <const char*>start, p - start
        count += 1


cdef class PickToken(Kernel):
    """The token at a position of each row, from the last if it is negative; missing if there is none."""

    cdef int64_t index

    def __init__(self, inputs, output, *, index):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("str",), 1)
        self.index = index

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef Text* out = <Text*>output.values
        cdef int64_t row, at, count
        for row in range(frame.rows):
            count = starts[row + 1] - starts[row]
            at = self.index if self.index >= 0 else self.index + count
            if 0 <= at < count:
                out[row] = tokens[starts[row] + at]
            else:
                out[row].at, out[row].length = NULL, MISSING_NAN
        return OK


cdef class CountTokens(Kernel):
    """The number of tokens of each row."""

    def __init__(self, inputs, output):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("i64",), 1)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const int64_t* starts = inputs[0].starts
        cdef int64_t row
        for row in range(frame.rows):
            (<int64_t*>output.values)[row] = starts[row + 1] - starts[row]
        return OK


cdef class JoinTokens(Kernel):
    """The tokens of each row, with a separator between each two."""

    cdef bytes separator_bytes
    cdef const char* separator
    cdef int64_t length

    def __init__(self, inputs, output, *, separator):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("str",), 1)
        self.separator_bytes = separator.encode()
        self.separator, self.length = self.separator_bytes, len(self.separator_bytes)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef int64_t total = 0, k
        cdef char* out
        for k in range(starts[0], starts[frame.rows]):
            total += max(tokens[k].length, <int64_t>0) + self.length
        if reserve(&output.own_bytes, total + 64) != OK:
            return OUT_OF_MEMORY
        out = <char*>output.own_bytes.at
        for k in range(frame.rows):
            (<Text*>output.values)[k].at = out
            out = self.join(tokens + starts[k], starts[k + 1] - starts[k], out)
            (<Text*>output.values)[k].length = out - (<Text*>output.values)[k].at
        return OK

    cdef inline char* join(self, const Text* tokens, int64_t count, char* out) noexcept nogil:
        cdef int64_t k
        for k in range(count):
            if k:
                memcpy(out, self.separator, <size_t>self.length)
                out += self.length
            if tokens[k].length > 0:
                memcpy(out, tokens[k].at, <size_t>tokens[k].length)
                out += tokens[k].length
        return out
