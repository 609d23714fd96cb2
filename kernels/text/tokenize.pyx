r"""Tokens of texts: runs of one class of characters, exactly as ``re.findall`` finds them; they point into the text."""

from libc.stdint cimport int64_t, uint8_t, uint16_t

from pretzel.kernels.checks import typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport Text
from pretzel.kernels.text.fusible cimport Tokenizer

cdef extern from "utf8.h" nogil:
    const int TEXT_BLOCK
    const int TEXT_INDEX_LENGTH
    unsigned int utf8_at(const uint8_t* p, const uint8_t* end, int* size)
    bint utf8_is_ascii(const uint8_t* p, int64_t length)

cdef extern from "runs.h" nogil:
    ctypedef struct Members:
        pass
    void runs_add(Members* members, int c)
    ctypedef struct Runs:
        int64_t (*find)(
            const Members* members, const uint8_t* text, int64_t length, int64_t low, int64_t high, void* out
        ) noexcept nogil
    const Runs* runs_for(int level)

cdef const Runs* runs = runs_for(level)

cdef enum:
    MEMBER = 1    # of the class
    WORD = 2      # a word character to \b

cdef int64_t UNBOUNDED = <int64_t>1 << 62

cdef struct Pattern:
    const uint16_t* index
    const uint8_t* blocks
    const uint8_t* ascii
    int64_t low
    int64_t high
    bint lead
    bint trail

# The position of a tokenizer in a text.
cdef struct Cursor:
    const uint8_t* at
    const uint8_t* end
    int word               # WORD if the character before `at` is one
    Text* out              # the place of the next token


cdef class Tokenize(Tokenizer):
    r"""The runs of ``low`` to ``high`` characters of a class, with ``\b`` before them, after them, or neither.

    ``str`` in, ``str[*]`` out.  ``run``: ``[low, high, lead, trail]``.  ``index``, ``blocks``: the two-stage table of
    the bits of every code point.  A token pattern is turned into these on the control plane.  Rejects a missing text.
    """

    cdef Pattern pattern
    cdef object arrays
    cdef Members members       # the ASCII characters of the class
    cdef bint run_is_token            # a run in an ASCII text is one token, unless it is too short or too long

    def __init__(self, inputs, output, *, run, index, blocks):
        cdef const uint16_t[::1] stages = index
        cdef const uint8_t[:, ::1] bits = blocks
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("str",), layout="ragged")
        if len(index) != TEXT_INDEX_LENGTH or bits.shape[1] != TEXT_BLOCK or index.max() >= bits.shape[0]:
            raise ValueError(f"class table: {len(index)} entries, {bits.shape[0]} blocks; rebuild it")
        if len(run) != 4 or not 1 <= run[0] <= run[1]:
            raise ValueError(f"run {list(run)}: expected [low, high, lead, trail] with 1 <= low <= high")
        self.arrays = (index, blocks)
        self.pattern.index, self.pattern.blocks = &stages[0], &bits[0, 0]
        self.pattern.ascii = &bits[stages[0], 0]
        self.pattern.low, self.pattern.high, self.pattern.lead, self.pattern.trail = run
        self.run_is_token = self.pattern.lead or self.pattern.high >= UNBOUNDED
        for c in range(128):
            if self.pattern.ascii[c] & MEMBER:
                runs_add(&self.members, c)
            self.run_is_token &= self.pattern.ascii[c] & (MEMBER | WORD) in (0, MEMBER | WORD)

    cdef int64_t most(self, int64_t length) noexcept nogil:
        return length // self.pattern.low + 1  # one more, which runs.find may write

    cdef int64_t split(self, const Text* text, Text* out) noexcept nogil:
        cdef const uint8_t* at = <const uint8_t*>text.at
        cdef Cursor cursor
        if self.run_is_token and utf8_is_ascii(at, text.length):
            return runs.find(&self.members, at, text.length, self.pattern.low, self.pattern.high, out)
        cursor.at, cursor.end, cursor.word, cursor.out = at, at + text.length, 0, out
        find_all(&self.pattern, &cursor)
        return cursor.out - out


cdef inline void find_all(const Pattern* pattern, Cursor* c) noexcept nogil:
    """Find every token of a text: find the next run, and cut a token from it."""
    cdef int bits, size = 1
    while c.at < c.end:
        bits = bits_at(pattern, c, &size)
        if bits & MEMBER:
            take_run(pattern, c)
        else:
            c.word = bits & WORD
            c.at += size


cdef inline void take_run(const Pattern* pattern, Cursor* c) noexcept nogil:
    """Read a whole run of the class, and output its token: from its first boundary to its last, if those matter.

    Greedy and leftmost, as ``re`` is: between those two every other match would start later or end sooner, and after
    the last boundary of a run no token of it can end.
    """
    cdef const uint8_t* start = c.at
    cdef const uint8_t* first = NULL
    cdef const uint8_t* last = NULL
    cdef int64_t count = 0, first_count = 0, last_count = 0
    cdef int bits = MEMBER, size = 1
    while True:
        bits = bits_at(pattern, c, &size) if c.at < c.end else 0
        if bits & WORD != c.word:
            last, last_count = c.at, count
            if first == NULL and bits & MEMBER:
                first, first_count = c.at, count
        if not bits & MEMBER:
            break
        c.word = bits & WORD
        c.at += size
        count += 1
    if pattern.high < UNBOUNDED and not pattern.lead:
        chop(pattern, c, start, count)
        return
    if not pattern.lead:
        first, first_count = start, 0
    if not pattern.trail:
        last, last_count = c.at, count
    if first != NULL and last != NULL and pattern.low <= last_count - first_count <= pattern.high:
        put(c, first, last)


cdef inline void chop(const Pattern* pattern, Cursor* c, const uint8_t* start, int64_t count) noexcept nogil:
    """Cut a run without boundaries into tokens of ``high`` characters; the rest is one if it is long enough."""
    cdef const uint8_t* at
    cdef int64_t length, i
    cdef int size
    while count >= pattern.low:
        at, length = start, min(count, pattern.high)
        for i in range(length):
            utf8_at(at, c.end, &size)
            at += size
        put(c, start, at)
        start = at
        count -= length


cdef inline void put(Cursor* c, const uint8_t* start, const uint8_t* stop) noexcept nogil:
    c.out.at, c.out.length = <const char*>start, stop - start
    c.out += 1


cdef inline int bits_at(const Pattern* pattern, const Cursor* c, int* size) noexcept nogil:
    cdef unsigned int character
    if c.at[0] < 0x80:
        size[0] = 1
        return pattern.ascii[c.at[0]]
    character = utf8_at(c.at, c.end, size)
    return pattern.blocks[<int64_t>pattern.index[character // TEXT_BLOCK] * TEXT_BLOCK + character % TEXT_BLOCK]
