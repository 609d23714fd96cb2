"""Texts to dates by a format of fixed fields."""

from libc.stdint cimport INT64_MIN, int64_t, uint8_t
from libc.string cimport memcmp, memset

from pretzel.kernels.checks import typed
from pretzel.kernels.dates.ticks import UNITS
from pretzel.kernels.frame cimport OK, Frame, Slot, Text, reject
from pretzel.kernels.kernel cimport Kernel

cdef extern from "calendar.h" nogil:
    int calendar_month_length(int64_t year, int month)
    int64_t calendar_days(int64_t year, int month, int day)

cdef int64_t MISSING = INT64_MIN

cdef struct Piece:
    uint8_t letter         # of a directive; 0 for a character
    uint8_t character

# The fields of a date as they are in a text, by the letters of their directives.
cdef struct Fields:
    int64_t of[128]

# What a text is.
cdef enum Outcome:
    PARSED = 0
    ABSENT = 1             # a missing text, or one that spells NaT
    OTHER = 2              # of another shape, or with a field out of range
    UNCLEAR = 3            # pandas may read it, although it is not of the format with all digits


cdef class ParseDate(Kernel):
    """The date that each text spells; NaT for missing and empty texts.

    Args:
        inputs: one text per row.
        output: one i64 per row.
        format: the format, for messages.
        unit: the unit of the ticks: s, ms, us or ns.
        coerce: texts of another shape are NaT.
        pieces: ``u8[n, 2]``: for each piece of a format the letter of a directive, or 0 and a character; 0 and 0 end a
            format, and the first format that fits a text is that of it.

    Raises:
        ValueError: the types do not fit, or a letter is unknown.
    """

    cdef object array
    cdef str format
    cdef const Piece* pieces
    cdef int64_t count, per_second
    cdef bint coerce

    def __init__(self, inputs, output, *, format, unit, coerce, pieces):
        cdef const uint8_t[:, ::1] view = pieces
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("i64",), 1)
        if not view.shape[0] or view.shape[1] != 2:
            raise ValueError(f"pieces: expected some pairs, got {list(pieces.shape)}")
        if pieces[len(pieces) - 1].any():
            raise ValueError("pieces: the last format has no end")
        for letter in pieces[:, 0].tolist():
            if letter not in b"\0YmdHMSfy":
                raise ValueError(f"pieces: unknown directive {letter}")
        self.array, self.pieces, self.count = view, <const Piece*>&view[0, 0], view.shape[0]
        self.format, self.coerce, self.per_second = format, coerce, UNITS[unit]

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef int64_t* out = <int64_t*>output.values
        cdef int64_t row
        cdef int outcome
        for row in range(frame.rows):
            outcome = self.parse(&texts[row], &out[row])
            if outcome == UNCLEAR or (outcome == OTHER and not self.coerce):
                frame.text = texts[row]
                return reject(frame, 0, row, 0, 0.0)
            if outcome != PARSED:
                out[row] = MISSING
        return OK

    cdef int parse(self, const Text* text, int64_t* out) noexcept nogil:
        cdef Fields fields
        cdef const uint8_t* start = <const uint8_t*>text.at
        if text.length <= 0 or is_nat(text):
            return ABSENT
        if not self.fits(start, start + text.length, &fields):
            return UNCLEAR if self.may_match(start, start + text.length) else OTHER
        if fields.of[<int>c'Y'] == 0 or fields.of[<int>c'S'] > 59:
            return UNCLEAR
        return self.ticks(&fields, out)

    cdef bint fits(self, const uint8_t* at, const uint8_t* end, Fields* fields) noexcept nogil:
        """Read a text by the first format that it has."""
        cdef int64_t first = 0
        while first < self.count:
            memset(fields, 0, sizeof(Fields))
            fields.of[<int>c'Y'] = -1
            if self.read(at, end, first, fields):
                return True
            while not self.is_end(first):
                first += 1
            first += 1
        return False

    cdef inline bint is_end(self, int64_t i) noexcept nogil:
        return self.pieces[i].letter == 0 and self.pieces[i].character == 0

    cdef bint read(self, const uint8_t* at, const uint8_t* end, int64_t first, Fields* fields) noexcept nogil:
        """Read a text of the format that starts at ``first``, with all digits."""
        cdef int64_t i, most, seen
        cdef uint8_t letter
        for i in range(first, self.count):
            if self.is_end(i):
                break
            letter = self.pieces[i].letter
            if letter == 0:
                if at == end or at[0] != self.pieces[i].character:
                    return False
                at += 1
                continue
            most = 4 if letter == c'Y' else 6 if letter == c'f' else 2
            fields.of[letter] = seen = 0
            while at < end and seen < most and is_digit(at[0]):
                fields.of[letter] = fields.of[letter] * 10 + (at[0] - c'0')
                at, seen = at + 1, seen + 1
            if seen == 0 or (seen < most and letter != c'f'):
                return False
            while letter == c'f' and seen < most:
                fields.of[letter], seen = fields.of[letter] * 10, seen + 1
        return at == end

    cdef int ticks(self, const Fields* fields, int64_t* out) noexcept nogil:
        """Return the ticks of a date, if there is one."""
        cdef int64_t year = fields.of[<int>c'Y'], of_century = fields.of[<int>c'y']
        cdef int month = <int>fields.of[<int>c'm'], day = <int>fields.of[<int>c'd']
        cdef int64_t seconds
        if year < 0:
            year = of_century + (2000 if of_century <= 68 else 1900)
        if not 1 <= month <= 12 or not 1 <= day <= calendar_month_length(year, month):
            return OTHER
        if fields.of[<int>c'H'] > 23 or fields.of[<int>c'M'] > 59:
            return OTHER
        seconds = calendar_days(year, month, day) * 86400 + fields.of[<int>c'H'] * 3600
        seconds += fields.of[<int>c'M'] * 60 + fields.of[<int>c'S']
        return self.scaled(seconds, fields.of[<int>c'f'], out)

    cdef int scaled(self, int64_t seconds, int64_t fraction, int64_t* out) noexcept nogil:
        """Return seconds in the unit of the result; a year may be out of range of nanoseconds."""
        cdef int64_t limit = 9223372036
        if self.per_second > 1000000 and not -limit <= seconds < limit:
            return UNCLEAR
        out[0] = seconds * self.per_second
        if self.per_second >= 1000000:
            out[0] += fraction * (self.per_second // 1000000)
        else:
            out[0] += fraction // (1000000 // self.per_second)
        return PARSED

    cdef bint may_match(self, const uint8_t* at, const uint8_t* end) noexcept nogil:
        """Return whether a text is of the (first) format but for digits and spaces, or not in ASCII."""
        cdef const uint8_t* p = at
        cdef int64_t i = 0
        while p < end:
            if p[0] >= 128:
                return True
            p += 1
        if says(at, end - at, b"now", 3) or says(at, end - at, b"today", 5):
            return True
        while True:
            while at < end and mark_of(at[0]) == 0:
                at += 1
            while i < self.count and not self.is_end(i) and self.is_unmarked(i):
                i += 1
            if at == end or i == self.count or self.is_end(i):
                return at == end and (i == self.count or self.is_end(i))
            if mark_of(at[0]) != mark_of(self.pieces[i].character):
                return False
            at, i = at + 1, i + 1

    cdef inline bint is_unmarked(self, int64_t i) noexcept nogil:
        return self.pieces[i].letter != 0 or mark_of(self.pieces[i].character) == 0

    def describe(self, code, row, column, value):
        remedy = "write each field with all of its digits" if self.coerce else "errors='coerce' makes it missing"
        return f"row {row}: time data {value[:40]!r} doesn't match format {self.format!r}; {remedy}"


cdef inline bint is_digit(uint8_t c) noexcept nogil:
    return c'0' <= c <= c'9'


cdef inline uint8_t mark_of(uint8_t c) noexcept nogil:
    """Return 0 for digits and spaces, letters in lower case, and other characters as they are."""
    if is_digit(c) or c == 32 or 9 <= c <= 13 or 28 <= c <= 31:
        return 0
    return c + 32 if c'A' <= c <= c'Z' else c


cdef inline bint says(const uint8_t* at, int64_t length, const char* word, int64_t size) noexcept nogil:
    return length == size and memcmp(at, word, <size_t>size) == 0


cdef bint is_nat(const Text* text) noexcept nogil:
    """Return whether a text spells NaT or NaN."""
    cdef const uint8_t* at = <const uint8_t*>text.at
    if text.length != 3:
        return False
    for word in NATS:
        if memcmp(at, word, 3) == 0:
            return True
    return False


cdef const char* NATS[6]
NATS[0], NATS[1], NATS[2], NATS[3], NATS[4], NATS[5] = b"NaT", b"nat", b"NAT", b"nan", b"NaN", b"NAN"
