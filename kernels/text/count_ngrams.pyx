"""Counts of each vocabulary n-gram per row: sorted sparse counts, in a few passes over cached bytes.

A row is first rewritten so that each of its n-grams is contiguous bytes: tokens joined by one space, or the text with
its white space collapsed.  Then the n-grams are hashed a batch at a time, their buckets prefetched, and looked up;
last, the ids are ranked and counted.  No n-gram needs an object or a copy.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, extend, reserve
from pretzel.kernels.text.fusible cimport Counter
from pretzel.kernels.text.rows cimport BATCH, Query, Row, utf8_is_ascii, write_characters, write_words
from pretzel.kernels.text.terms cimport (
    TERMS_NONE, TERMS_SHORT, Dictionary, Terms, terms_bucket, terms_find, terms_home, terms_key, terms_prefetch,
)
from pretzel.kernels.types cimport number

cdef extern from "ranks.h" nogil:
    ctypedef struct Ranks:
        pass
    int64_t ranks_bytes(int64_t width)
    Ranks ranks_at(void* memory, int64_t width)
    void ranks_open(void* memory, int64_t width)
    ctypedef struct Counting:
        int64_t (*count)(Ranks* r, uint32_t* occurrences, int64_t length, int32_t* ids, int32_t* counts) noexcept nogil
    const Counting* counting_for(int level)

cdef extern from "grams.h" nogil:
    int64_t grams_write_padded(const uint8_t* text, int64_t length, uint8_t* out)
    int64_t grams_write_collapsed(const uint8_t* text, int64_t length, uint8_t* out)
    ctypedef struct Grams:
        int64_t (*short_ones)(
            const Terms* t, const uint8_t* text, int64_t length, int low, int high, bint words, uint32_t limit,
            uint32_t* ids
        ) noexcept nogil
    const Grams* grams_for(int level)

cdef extern from *:
    """
    #define prefetch(p) __builtin_prefetch(p)
    """
    void prefetch(const void* p) nogil

cdef const Grams* grams = grams_for(level)
cdef const Counting* counting = counting_for(level)

cdef enum Unit:
    WORD = 0
    CHAR = 1
    CHAR_WB = 2

cdef dict UNITS = {"word": WORD, "char": CHAR, "char_wb": CHAR_WB}


cdef class CountNgrams(Counter):
    """Counts of the n-grams of ``low`` to ``high`` units in each row; unit, binary and dtype as in ``ops.CountNgrams``.

    ``str[*]`` (unit ``word``) or ``str`` in, sparse counts out with ascending columns.  ``table``, ``heap``: the
    vocabulary, as :func:`pretzel.kernels.text.terms.build` lays it out.  Rejects a missing text.
    """

    cdef Dictionary vocabulary
    cdef int64_t low, high, width
    cdef int unit
    cdef bint quick

    def __init__(self, inputs, output, *, unit, low, high, dtype, binary, table, heap):
        self.keep(inputs, output, unit, binary)
        if not 1 <= low <= high:
            raise ValueError(f"n-grams of {low} to {high}: expected 1 <= low <= high")
        self.vocabulary = Dictionary(table, heap)
        self.unit, self.low = UNITS[unit], low
        self.width = output.columns
        if len(self.vocabulary) != self.width:
            raise ValueError(f"dictionary: {len(self.vocabulary)} terms for {self.width} columns")
        # An n-gram of n characters has at least n bytes, one of n words, which may be empty, at least the n - 1 blanks
        # between them: no vocabulary has longer.
        longest = self.vocabulary.longest
        self.high = high if high <= longest else longest + (self.unit == WORD)
        # The fast path finds no n-gram that is a whole word, and none of one character that two words share.
        self.quick = self.unit != WORD and self.high <= TERMS_SHORT and (self.unit == CHAR or 2 <= self.low <= 3)

    cdef int begin(self, Frame* frame) noexcept nogil:
        if reserve(&frame.scratch2, ranks_bytes(self.width)) != OK:
            return OUT_OF_MEMORY
        ranks_open(frame.scratch2.at, self.width)
        return OK

    cdef int find(self, Frame* frame, const Text* items, int64_t count, Row* row) noexcept nogil:
        if self.words:
            return self.look_up_words(frame, items, count, row)
        if self.quick and utf8_is_ascii(<const uint8_t*>items.at, items.length):
            return self.look_up_ascii(frame, row, <const uint8_t*>items.at, items.length)
        if write_characters(frame, row, items, self.unit == CHAR_WB) != OK:
            return OUT_OF_MEMORY
        return self.look_up_characters(row) or flush(self.vocabulary, row)

    cdef int make_room(self, Frame* frame, const Row* row) noexcept nogil:
        return reserve(&frame.scratch, min(row.id_count, self.width) * 4 + 64)

    cdef inline int look_up_ascii(self, Frame* frame, Row* row, const uint8_t* text, int64_t length) noexcept nogil:
        """Look up the short n-grams of an ASCII text."""
        cdef int64_t most = (length + 2) * max(self.high - self.low + 1, 0)
        cdef uint8_t* out
        if reserve(&frame.scratch, length + 66) != OK or reserve(row.ids, most * 4 + 64) != OK:
            return OUT_OF_MEMORY
        out = <uint8_t*>frame.scratch.at
        if self.unit == CHAR_WB:
            length = grams_write_padded(text, length, out)
        else:
            length = grams_write_collapsed(text, length, out)
        row.id_count = grams.short_ones(
            &self.vocabulary.terms, out, length, self.low, self.high, self.unit == CHAR_WB, self.width,
            <uint32_t*>row.ids.at,
        )
        return OK

    cdef inline int look_up_words(self, Frame* frame, const Text* tokens, int64_t count, Row* row) noexcept nogil:
        cdef int64_t first, last, length
        if write_words(frame, row, tokens, count) != OK:
            return OUT_OF_MEMORY
        for first in range(row.units):
            for last in range(first + self.low, min(first + self.high, row.units) + 1):
                length = row.starts[last] - 1 - row.starts[first]
                if ask(self.vocabulary, row, row.bytes + row.starts[first], length) != OK:
                    return OUT_OF_MEMORY
        return flush(self.vocabulary, row)

    cdef inline int look_up_characters(self, Row* row) noexcept nogil:
        """Request the n-grams of characters of a row, and the words that are shorter than any."""
        cdef int64_t k, at, end, n
        cdef int64_t* starts = row.starts
        for k in range(row.words):
            at, end = row.spans[k], row.spans[k + 1] + 1
            if end - at < self.low and self.unit == CHAR_WB:
                if ask(self.vocabulary, row, row.bytes + starts[at], starts[end] - starts[at]) != OK:
                    return OUT_OF_MEMORY
            while at + self.low <= end:
                for n in range(self.low, min(self.high, end - at) + 1):
                    if ask(self.vocabulary, row, row.bytes + starts[at], starts[at + n] - starts[at]) != OK:
                        return OUT_OF_MEMORY
                at += 1
        return OK

    cdef int64_t count(self, Frame* frame, Row* row, Slot* y, int64_t at) noexcept nogil:
        cdef uint32_t* ids = <uint32_t*>row.ids.at
        cdef int32_t* counts = <int32_t*>frame.scratch.at
        cdef Ranks ranks = ranks_at(frame.scratch2.at, self.width)
        cdef int64_t distinct = counting.count(&ranks, ids, row.id_count, y.columns + at, counts)
        if self.single:
            convert(<float*>y.values + at, counts, distinct, self.binary)
        elif self.floating:
            convert(<double*>y.values + at, counts, distinct, self.binary)
        else:
            convert(<int64_t*>y.values + at, counts, distinct, self.binary)
        return distinct


cdef inline void convert(number* values, const int32_t* counts, int64_t distinct, bint binary) noexcept nogil:
    """Write counts as values; they are counted as integers, as in scikit-learn, so that they are rounded once."""
    cdef int64_t k
    for k in range(distinct):
        values[k] = 1 if binary else <number>counts[k]


cdef inline int ask(Dictionary vocabulary, Row* row, const uint8_t* at, int64_t length) noexcept nogil:
    """Queue an n-gram, unless it is too long; look up a full queue."""
    cdef Query* query = &row.queries[row.waiting]
    if length > vocabulary.longest:
        return OK
    query.key = terms_key(&vocabulary.terms, at, length)
    query.home = terms_home(&vocabulary.terms, query.key)
    query.at, query.length = at, length
    prefetch(terms_bucket(&vocabulary.terms, query.home))
    row.waiting += 1
    return flush(vocabulary, row) if row.waiting == BATCH else OK


cdef int flush(Dictionary vocabulary, Row* row) noexcept nogil:
    """Look up the queued n-grams, and append the ids that exist."""
    cdef const Query* query
    cdef int64_t id
    cdef int k
    cdef uint32_t* ids
    if extend(row.ids, (row.id_count + BATCH) * 4, row.id_count * 4) != OK:
        return OUT_OF_MEMORY
    ids = <uint32_t*>row.ids.at
    for k in range(row.waiting):
        terms_prefetch(&vocabulary.terms, row.queries[k].key, row.queries[k].home)
    for k in range(row.waiting):
        query = &row.queries[k]
        id = terms_find(&vocabulary.terms, query.key, query.home, query.at, query.length)
        ids[row.id_count] = <uint32_t>id
        row.id_count += id != TERMS_NONE and id < vocabulary.count
    row.waiting = 0
    return OK
