# Points the slots of inputs at plain memory of a caller, without Python objects.  Kernels read aligned elements: parts
# at an odd address, which a message may have anywhere, are copied into the slot's own memory.  Dense numbers are copied
# block by block, on the thread of the block and while they are in its cache; other parts as a whole.
#
# The caller has checked all sizes.  Memory that is not copied must outlive the run.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint8_t, uintptr_t
from libc.string cimport memcpy

from pretzel.kernels.frame cimport MISSING_NAN, MISSING_NONE, OK, OUT_OF_MEMORY, Buffer, Slot, Text, reserve


# Returns `data`, or its copy in `own` if it is not aligned; NULL if memory is exhausted.
cdef inline char* aligned(Buffer* own, const char* data, int64_t count, int64_t itemsize) noexcept nogil:
    # Empty parts are copied too: their address may be NULL, which kernels need not expect.
    if count and <uintptr_t>data % <uintptr_t>itemsize == 0:
        return <char*>data
    if reserve(own, count * itemsize + 64) != OK:
        return NULL
    if count:
        memcpy(own.at, data, <size_t>(count * itemsize))
    return <char*>own.at


# Points a slot at a block of dense rows: `count` elements, of its origin if it has one.  Returns OK or OUT_OF_MEMORY.
cdef inline int place_block(Slot* slot, int64_t first, int64_t count, int64_t width, int64_t itemsize) noexcept nogil:
    cdef char* at = slot.origin + first * width * itemsize
    if slot.origin != NULL and (count == 0 or <uintptr_t>at % <uintptr_t>itemsize == 0):
        slot.values = at
        return OK
    # Padded, so that vector kernels may read a whole register past the end.
    if reserve(&slot.own_values, count * itemsize + 64) != OK:
        return OUT_OF_MEMORY
    slot.values = slot.own_values.at
    if slot.origin != NULL:
        memcpy(slot.values, at, <size_t>(count * itemsize))
    return OK


# The values of dense numbers, which `place_block` aligns.  Returns OK or OUT_OF_MEMORY.
cdef inline int place_dense(Slot* slot, const char* data, int64_t count, int64_t itemsize) noexcept nogil:
    if count == 0:
        return place_numbers(slot, data, count, itemsize)
    slot.origin = <char*>data
    return OK


# The values of sparse or ragged numbers.  Returns OK or OUT_OF_MEMORY.
cdef inline int place_numbers(Slot* slot, const char* data, int64_t count, int64_t itemsize) noexcept nogil:
    slot.origin = aligned(&slot.own_values, data, count, itemsize)
    return OK if slot.origin != NULL else OUT_OF_MEMORY


# The position of each row's first value, and the total; `rows` + 1 of them.  Returns OK or OUT_OF_MEMORY.
cdef inline int place_starts(Slot* slot, const char* starts, int64_t rows) noexcept nogil:
    slot.origin_starts = <int64_t*>aligned(&slot.own_starts, starts, rows + 1, 8)
    return OK if slot.origin_starts != NULL else OUT_OF_MEMORY


# The column of each stored value of sparse rows.  Returns OK or OUT_OF_MEMORY.
cdef inline int place_columns(Slot* slot, const char* columns, int64_t stored) noexcept nogil:
    slot.columns = <int32_t*>aligned(&slot.own_columns, columns, stored, 4)
    return OK if slot.columns != NULL else OUT_OF_MEMORY


# Texts, packed: their bytes, a uint32 length each at any address, and a mark each (1 for NaN, 2 for None) or NULL.
# Returns OK or OUT_OF_MEMORY.
cdef inline int place_texts(
    Slot* slot, const char* data, const char* lengths, const uint8_t* missing, int64_t count
) noexcept nogil:
    cdef Text* texts
    cdef uint32_t length
    cdef int64_t i
    if reserve(&slot.own_values, count * sizeof(Text) + 64) != OK:
        return OUT_OF_MEMORY
    texts = <Text*>slot.own_values.at
    slot.origin = <char*>texts
    if data == NULL:  # all texts are empty; kernels need not expect NULL
        data = <const char*>texts
    for i in range(count):
        memcpy(&length, lengths + 4 * i, 4)
        texts[i].at, texts[i].length = data, length
        data += length
        if missing != NULL and missing[i]:
            texts[i].length = MISSING_NAN if missing[i] == 1 else MISSING_NONE
    return OK
