# A dictionary of terms: see terms.h for the layout.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from pretzel.kernels.frame cimport Text

cdef extern from "terms.h" nogil:
    ctypedef struct Terms:
        uint64_t* rows
        uint64_t buckets
        uint64_t seed
        uint64_t hash_mask
        uint8_t* heap
        uint64_t heap_size
    const uint64_t TERMS_MAGIC
    const int TERMS_ROW
    const int TERMS_SHORT
    const int TERMS_NONE
    uint64_t terms_word(const uint8_t* p, int64_t length)
    uint64_t terms_short_key(const uint8_t* p, int64_t length)
    uint64_t terms_long_key(const Terms* t, const uint8_t* p, int64_t length)
    uint64_t terms_key(const Terms* t, const uint8_t* p, int64_t length)
    uint64_t terms_home(const Terms* t, uint64_t key)
    const uint64_t* terms_bucket(const Terms* t, uint64_t i)
    void terms_prefetch(const Terms* t, uint64_t key, uint64_t home)
    int64_t terms_find(const Terms* t, uint64_t key, uint64_t home, const uint8_t* p, int64_t length)
    bint terms_insert(Terms* t, uint64_t key, uint32_t half)
    bint terms_open(Terms* t, uint64_t* table, uint64_t rows, uint8_t* heap, uint64_t heap_size)


# A table for look-ups in a kernel: it points into the arrays of two parameters, and keeps them alive.
cdef class Dictionary:
    cdef Terms terms
    cdef object arrays
    cdef readonly int64_t count      # ids are below it, others are ignored
    cdef readonly int64_t longest    # bytes of the longest term
    cdef int64_t find(self, const uint8_t* p, int64_t length) noexcept nogil


cdef inline bint holds(Dictionary words, const Text* token) noexcept nogil:
    """Return whether a token is a term."""
    cdef uint64_t padded
    cdef const uint8_t* p = <const uint8_t*>token.at
    if token.length <= TERMS_SHORT:
        padded = terms_word(p, token.length)  # a look-up reads eight bytes, and the text may end earlier
        p = <const uint8_t*>&padded
    return words.find(p, token.length) != TERMS_NONE
