"""Lists of tokens: one of two for each row, and the distinct tokens of each."""

from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport qsort
from libc.string cimport memcmp, memcpy

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve, reserve_ragged
from pretzel.kernels.kernel cimport Kernel

cdef enum:
    FEW = 12  # tokens that are compared with each other, which is faster than sorting them


cdef class ChooseLists(Kernel):
    """The tokens of the second input where the first is true, else those of the third."""

    def __init__(self, inputs, output):
        if len(inputs) != 3:
            raise ValueError(f"expected three inputs, got {len(inputs)}")
        typed("condition", inputs[0], ("bool",), 1)
        typed("a", inputs[1], ("str",), layout="ragged")
        typed("b", inputs[2], ("str",), layout="ragged")
        typed("result", output, ("str",), layout="ragged")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const uint8_t* condition = <const uint8_t*>inputs[0].values
        cdef int64_t most = 0, written = 0, row, count
        cdef const Text* tokens
        cdef Slot* chosen
        for row in range(1, 3):
            most += inputs[row].starts[frame.rows] - inputs[row].starts[0]
        if reserve_ragged(frame, output, most) != OK:
            return OUT_OF_MEMORY
        output.starts[0] = 0
        for row in range(frame.rows):
            chosen = inputs[1 if condition[row] else 2]
            tokens, count = <const Text*>chosen.values + chosen.starts[row], chosen.starts[row + 1] - chosen.starts[row]
            if count > 0:
                memcpy(<Text*>output.values + written, tokens, count * sizeof(Text))
            written += count
            output.starts[row + 1] = written
        return OK


cdef struct Place:
    const Text* token
    int64_t at


cdef class UniqueTokens(Kernel):
    """The distinct tokens of each row, in the order in which they are first: ``str[*]`` in and out."""

    def __init__(self, inputs, output):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("str",), layout="ragged")

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef int64_t row, most = 0, count
        cdef Text* out
        for row in range(frame.rows):
            most = max(most, starts[row + 1] - starts[row])
        if reserve_ragged(frame, output, starts[frame.rows] - starts[0]) or reserve(
            &frame.scratch, most * sizeof(Place)
        ):
            return OUT_OF_MEMORY
        out = <Text*>output.values
        output.starts[0] = 0
        for row in range(frame.rows):
            count = starts[row + 1] - starts[row]
            if count <= FEW:
                out = first_of_few(tokens + starts[row], count, out)
            else:
                out = first_of_many(tokens + starts[row], count, <Place*>frame.scratch.at, out)
            output.starts[row + 1] = out - <Text*>output.values
        return OK


cdef inline Text* first_of_few(const Text* tokens, int64_t count, Text* out) noexcept nogil:
    cdef Text* first = out
    cdef Text* known
    cdef int64_t k
    for k in range(count):
        known = first
        while known < out and order_of(known, &tokens[k]) != 0:
            known += 1
        if known == out:
            out[0] = tokens[k]
            out += 1
    return out


cdef inline Text* first_of_many(const Text* tokens, int64_t count, Place* places, Text* out) noexcept nogil:
    """Sort the tokens, then those that are first among equal ones by their places."""
    cdef int64_t k, kept = 0
    for k in range(count):
        places[k].token, places[k].at = &tokens[k], k
    qsort(places, <size_t>count, sizeof(Place), by_token)
    for k in range(count):
        if k == 0 or order_of(places[k].token, places[kept - 1].token) != 0:
            places[kept] = places[k]
            kept += 1
    qsort(places, <size_t>kept, sizeof(Place), by_place)
    for k in range(kept):
        out[k] = places[k].token[0]
    return out + kept


cdef inline int order_of(const Text* a, const Text* b) noexcept nogil:
    """Return the order of two texts: by their lengths, then by their bytes."""
    if a.length != b.length:
        return -1 if a.length < b.length else 1
    return memcmp(a.at, b.at, <size_t>a.length) if a.length > 0 else 0


cdef int by_token(const void* a, const void* b) noexcept nogil:
    cdef int order = order_of((<const Place*>a).token, (<const Place*>b).token)
    return order if order != 0 else by_place(a, b)


cdef int by_place(const void* a, const void* b) noexcept nogil:
    return -1 if (<const Place*>a).at < (<const Place*>b).at else 1
