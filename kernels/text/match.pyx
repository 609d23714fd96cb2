r"""Tokens of texts by an automaton: the matches of ``re.findall``, in one pass; they point into the text.

The tables come from :mod:`pretzel.plan.regex.automaton`, which explains why the time is linear in the text.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t

import numpy as np

from pretzel.kernels.checks import address, typed
from pretzel.kernels.frame cimport Text
from pretzel.kernels.text.fusible cimport Tokenizer

cdef extern from "utf8.h" nogil:
    const int TEXT_BLOCK
    const int TEXT_INDEX_LENGTH
    unsigned int utf8_at(const uint8_t* p, const uint8_t* end, int* size)

cdef enum:
    START = 1
    OPEN = 2
    CLOSE = 4
    MOST_THREADS = 32   # as in pretzel.plan.regex.automaton

cdef struct Tables:
    const uint16_t* index
    const uint8_t* blocks
    const int32_t* next
    const int32_t* accept
    const int32_t* moves
    const int32_t* sources
    const int32_t* widths
    const int32_t* again
    int64_t symbols          # classes of characters, and the end of the text
    bint grouped             # a token is the text of its group

# The start of a thread's token, and the start and end of its group.
cdef struct Thread:
    const uint8_t* start
    const uint8_t* opened
    const uint8_t* closed

# A search: its position, its threads, and the best token so far.
cdef struct Search:
    const uint8_t* at
    const uint8_t* end
    int64_t state
    Thread threads[MOST_THREADS]
    Thread best
    const uint8_t* stop      # the end of the best token; NULL while there is none
    int64_t again            # the state in which the search continues after it
    Text* out                # the place of the next token


cdef class Match(Tokenizer):
    r"""The matches of ``re.findall`` for a pattern, by its automaton; of a pattern with a group, the text of the group.

    ``str`` in, ``str[*]`` out.  The arrays are those of ``pretzel.plan.regex.automaton.Automaton``; ``grouped`` holds
    one number.  Rejects a missing text.
    """

    cdef Tables tables
    cdef object arrays

    def __init__(self, inputs, output, *, index, blocks, next, accept, moves, sources, widths, again, grouped):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), layout="ragged")
        _check_classes(index, blocks, next)
        _check_states(next, accept, moves, sources, widths, again)
        self.arrays = (index, blocks, next, accept, moves, sources, widths, again)
        self.tables.index, self.tables.blocks = <const uint16_t*>at(index), <const uint8_t*>at(blocks)
        self.tables.next, self.tables.accept = <const int32_t*>at(next), <const int32_t*>at(accept)
        self.tables.moves, self.tables.sources = <const int32_t*>at(moves), <const int32_t*>at(sources)
        self.tables.widths, self.tables.again = <const int32_t*>at(widths), <const int32_t*>at(again)
        self.tables.symbols, self.tables.grouped = next.shape[1], bool(grouped[0])

    cdef int64_t most(self, int64_t length) noexcept nogil:
        return length

    cdef int64_t split(self, const Text* text, Text* out) noexcept nogil:
        cdef Search search
        search.at, search.state, search.stop, search.out = <const uint8_t*>text.at, 0, NULL, out
        search.end = search.at + text.length
        find_all(&self.tables, &search)
        return search.out - out


cdef inline void find_all(const Tables* t, Search* s) noexcept nogil:
    """Find every token of a text: continue until no thread can find a better one, then search on from its end."""
    cdef const uint8_t* floor = s.at   # tokens end beyond it: each takes at least a byte, whatever the tables
    cdef int64_t at
    cdef int size = 0
    while True:
        at = s.state * t.symbols + symbol_at(t, s, &size)
        if t.accept[at] >= 0 and s.at > floor:
            s.best = moved(s, t.accept[at])
            s.stop, s.again = s.at, t.again[s.state]
        if t.next[at] >= 0 and s.at < s.end:
            advance(t, s, at)
            s.at += size
        elif s.stop != NULL:
            put(t, s)
            floor = s.at = s.stop
            s.state, s.stop = s.again, NULL
        else:
            return


cdef inline int64_t symbol_at(const Tables* t, const Search* s, int* size) noexcept nogil:
    """Return the class of the next character, and its length in bytes; at the end the symbol of the end."""
    cdef unsigned int character
    if s.at == s.end:
        return t.symbols - 1
    character = utf8_at(s.at, s.end, size)
    return t.blocks[<int64_t>t.index[character // TEXT_BLOCK] * TEXT_BLOCK + character % TEXT_BLOCK]


cdef inline void advance(const Tables* t, Search* s, int64_t at) noexcept nogil:
    """Move every thread to the next state, in order of preference."""
    cdef const int32_t* sources = t.sources + t.moves[at]
    cdef int64_t width = t.widths[t.next[at]], k
    cdef Thread[MOST_THREADS] threads
    if width == 1:
        s.threads[0] = moved(s, sources[0])
    else:
        for k in range(width):
            threads[k] = moved(s, sources[k])
        for k in range(width):
            s.threads[k] = threads[k]
    s.state = t.next[at]


cdef inline Thread moved(const Search* s, int32_t source) noexcept nogil:
    """Return a copy of the source's thread, or a new one, with the marks set that the source names."""
    cdef Thread thread
    if source & START:
        thread.start = thread.opened = thread.closed = s.at
    else:
        thread = s.threads[source >> 3]
    if source & OPEN:
        thread.opened = s.at
    if source & CLOSE:
        thread.closed = s.at
    return thread


cdef inline void put(const Tables* t, Search* s) noexcept nogil:
    s.out.at = <const char*>(s.best.opened if t.grouped else s.best.start)
    s.out.length = max(<int64_t>((s.best.closed if t.grouped else s.stop) - <const uint8_t*>s.out.at), <int64_t>0)
    s.out += 1


cdef const void* at(array) except NULL:
    return <const void*><size_t>address(array)


def _check_classes(index, blocks, next):
    if len(index) != TEXT_INDEX_LENGTH or blocks.shape[1:] != (TEXT_BLOCK,) or index.max() >= len(blocks):
        raise ValueError(f"class table: {len(index)} entries, {len(blocks)} blocks; rebuild it")
    if next.ndim != 2 or blocks.max() >= next.shape[1] - 1:
        raise ValueError(f"class table: class {blocks.max()} of a table of shape {next.shape}; rebuild it")
    if index.dtype != np.uint16 or blocks.dtype != np.uint8:
        raise ValueError(f"class table: {index.dtype}, {blocks.dtype}; rebuild it")


def _check_states(next, accept, moves, sources, widths, again):
    """Reject tables with a state, a thread or a place that does not exist."""
    states = len(next)
    shapes = [array.shape for array in (accept, moves)], [array.shape for array in (widths, again)]
    if shapes != ([next.shape] * 2, [(states,)] * 2) or sources.ndim != 1:
        raise ValueError(f"states: tables of shapes {shapes} for {next.shape}; rebuild them")
    if any(array.dtype != np.int32 for array in (next, accept, moves, sources, widths, again)):
        raise ValueError("states: a table is not of i32; rebuild it")
    if not (_within(next, -1, states) and _within(again, 0, states) and _within(widths, 0, MOST_THREADS + 1)):
        raise ValueError(f"states: one is outside 0..{states - 1}, or has more than {MOST_THREADS} threads")
    if widths[0] or widths[again].any():
        raise ValueError("states: a search starts with threads that are not set; rebuild the tables")
    here = np.broadcast_to(widths[:, None], next.shape)
    there = np.where(next >= 0, widths[next], 0)
    if not (_within(moves, 0, len(sources) + 1) and (moves + there.astype(np.int64) <= len(sources)).all()):
        raise ValueError("states: the sources of one are beyond the table; rebuild it")
    first = accept >= 0
    if accept.min(initial=-1) < -1 or not _exist(accept[first], here[first]):
        raise ValueError("states: a token ends in a thread that does not exist; rebuild the tables")
    for k in range(MOST_THREADS):
        more = there > k
        if not _exist(sources[moves[more] + k], here[more]):
            raise ValueError("states: a thread continues one that does not exist; rebuild the tables")


def _within(array, low, limit):
    return low <= array.min(initial=limit - 1) and array.max(initial=low) < limit


def _exist(sources, widths):
    """Return whether each source is a new thread, or an existing one."""
    return bool(((sources >= 0) & ((sources & START != 0) | (sources >> 3 < widths))).all())
