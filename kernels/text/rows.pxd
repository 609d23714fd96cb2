# A row rewritten so that each of its n-grams is contiguous bytes, and the queue of n-grams to look up.
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from libc.string cimport memcpy

from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Buffer, Frame, Text, reserve

cdef extern from "unicode_tables.h" nogil:
    const uint16_t PROPERTY_INDEX[]
    const uint8_t PROPERTY_BLOCKS[]
    enum:
        UNICODE_SPACE

cdef extern from "utf8.h" nogil:
    const int TEXT_BLOCK
    uint32_t utf8_at(const uint8_t* p, const uint8_t* end, int* size)
    bint utf8_is_ascii(const uint8_t* p, int64_t length)

cdef extern from "terms.h" nogil:
    void terms_copy(uint8_t* to, const uint8_t* p, int64_t length)

cdef enum:
    BATCH = 128       # n-grams hashed before the first of them is looked up
    FEW = 16          # bytes of a token that are copied at once

# A queued n-gram.
cdef struct Query:
    uint64_t key
    uint64_t home
    const uint8_t* at
    int64_t length

# A row being counted.
cdef struct Row:
    uint8_t* bytes           # the rewritten row; eight bytes past its end are readable
    int64_t* starts          # the start of its characters (or words) in `bytes`; one more entry than units
    int64_t* spans           # char_wb: the characters that are the spaces before words, and the last one
    const char* end          # tokens are parts of a text that ends here; NULL if they may be anywhere
    int64_t units            # characters (or words)
    int64_t words            # char_wb: words
    int waiting
    Query queries[BATCH]
    int64_t id_count
    Buffer* ids              # ids, in any order, with repeats


cdef inline int make_room(Frame* frame, Row* row, int64_t bytes_, int64_t units) noexcept nogil:
    """Reserve memory for a row of that many bytes and units: the units' starts and spans first, then the bytes."""
    cdef int64_t starts = (units + 2) * 8
    if reserve(&frame.scratch, 2 * starts + bytes_ + 64) != OK:
        return OUT_OF_MEMORY
    row.starts = <int64_t*>frame.scratch.at
    row.spans = <int64_t*>(<char*>frame.scratch.at + starts)
    row.bytes = <uint8_t*>frame.scratch.at + 2 * starts
    return OK


cdef inline int write_words(Frame* frame, Row* row, const Text* tokens, int64_t count) noexcept nogil:
    """Write the tokens of a row, one space after each."""
    cdef int64_t total = 0, k
    cdef uint8_t* to
    for k in range(count):
        total += tokens[k].length + 1
    if make_room(frame, row, total, count) != OK:
        return OUT_OF_MEMORY
    to = row.bytes
    for k in range(count):
        row.starts[k] = to - row.bytes
        if tokens[k].length <= FEW and tokens[k].at + FEW <= row.end:
            memcpy(to, tokens[k].at, FEW)  # without a branch on the length, which would be mispredicted half the time
        else:
            terms_copy(to, <const uint8_t*>tokens[k].at, tokens[k].length)
        to[tokens[k].length] = 32
        to += tokens[k].length + 1
    row.starts[count] = total
    row.units = count
    return OK


cdef inline int write_characters(Frame* frame, Row* row, const Text* text, bint words) noexcept nogil:
    """Write a text with its white space collapsed, or with ``words`` as words between single spaces."""
    cdef const uint8_t* p = <const uint8_t*>text.at
    cdef const uint8_t* end = p + text.length
    if make_room(frame, row, text.length + 2, text.length + 2) != OK:
        return OUT_OF_MEMORY
    row.units, row.words = 0, 0
    if words:
        write_padded(row, p, end)
    else:
        write_collapsed(row, p, end)
    return OK


cdef inline void write_padded(Row* row, const uint8_t* p, const uint8_t* end) noexcept nogil:
    """Write `` word word ``: words between single spaces, so that each can be read padded on both sides."""
    cdef uint8_t* to = row.bytes
    cdef bint inside = False
    cdef int size, k
    to[0] = 32
    row.starts[0], row.spans[0] = 0, 0
    row.units = 1
    to += 1
    while p < end:
        if is_space(p, end, &size):
            if inside:
                end_word(row, &to)
            inside = False
        else:
            row.starts[row.units] = to - row.bytes
            row.units += 1
            inside = True
            for k in range(size):
                to[k] = p[k]
            to += size
        p += size
    if inside:
        end_word(row, &to)
    row.starts[row.units] = to - row.bytes


cdef inline void end_word(Row* row, uint8_t** to) noexcept nogil:
    """Write the space after a word, which is also the one before the next."""
    row.words += 1
    row.spans[row.words] = row.units
    row.starts[row.units] = to[0] - row.bytes
    row.units += 1
    to[0][0] = 32
    to[0] += 1


cdef inline void write_collapsed(Row* row, const uint8_t* p, const uint8_t* end) noexcept nogil:
    """Write a text with one space for each run of two or more white-space characters; a single one is unchanged."""
    cdef uint8_t* to = row.bytes
    cdef bint after_space = False, space
    cdef int size, k
    while p < end:
        space = is_space(p, end, &size)
        if space and after_space:
            to = row.bytes + row.starts[row.units - 1]
            to[0] = 32
            to += 1
        else:
            row.starts[row.units] = to - row.bytes
            row.units += 1
            for k in range(size):
                to[k] = p[k]
            to += size
        after_space = space
        p += size
    row.starts[row.units] = to - row.bytes
    row.words, row.spans[0], row.spans[1] = 1, 0, row.units - 1


cdef inline bint is_space(const uint8_t* p, const uint8_t* end, int* size) noexcept nogil:
    cdef uint32_t c
    if p[0] < 0x80:
        size[0] = 1
        return PROPERTY_BLOCKS[p[0]] & UNICODE_SPACE
    c = utf8_at(p, end, size)
    return PROPERTY_BLOCKS[<uint32_t>PROPERTY_INDEX[c // TEXT_BLOCK] * TEXT_BLOCK + c % TEXT_BLOCK] & UNICODE_SPACE
