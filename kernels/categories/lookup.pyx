"""Values to category codes, by hash tables that are built beforehand.

A table is ``u32[capacity, 2]``, capacity a power of two at least twice the keys: the upper half of a key's hash, and
its code plus one, or zero if the place is free.  A key is at the first free place at or after the one its hash names.
A probe compares the key itself, so that a collision never gives a wrong code.
"""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcmp

import numpy as np

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport MISSING_NAN, OK, Frame, Slot, Text, reject
from pretzel.kernels.kernel cimport Kernel

cdef extern from "keys.h" nogil:
    uint64_t keys_hash_text(const char* at, int64_t length)
    uint64_t keys_hash_number(uint64_t bits)
    uint64_t keys_bits(double x)

cdef extern from "none.h" nogil:
    bint number_is_none(double x)

cdef enum:
    UNKNOWN = -1

# The kinds of rejected values.
cdef enum Refusal:
    A_TEXT = 0
    A_NUMBER = 1
    A_NAN = 2
    A_NONE = 3

cdef struct Place:
    uint32_t tag
    uint32_t code_and_one

cdef enum Kind:
    FLOAT32, FLOAT64, BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64

cdef dict KINDS = {
    "f32": FLOAT32, "f64": FLOAT64, "bool": BOOL, "i8": INT8, "i16": INT16, "i32": INT32, "i64": INT64, "u8": UINT8,
    "u16": UINT16, "u32": UINT32, "u64": UINT64,
}


cdef class _Lookup(Kernel):
    """Base of both look-ups: the table, the codes of missing values, and the error message."""

    cdef object keep
    cdef str column
    cdef const Place* table
    cdef uint64_t mask
    cdef int64_t nan_code, none_code
    cdef bint refuse_unknown

    cdef _set(self, int64_t keys, const uint32_t[:, ::1] table, nan_code, none_code, refuse_unknown, column):
        cdef int64_t capacity = table.shape[0], taken = 0, i
        if capacity < 1 or capacity & (capacity - 1) or table.shape[1] != 2:
            raise ValueError(f"table: {capacity} x {table.shape[1]} is not a hash table")
        for i in range(capacity):
            if table[i, 1] > keys:
                raise ValueError(f"table: place {i} names key {table[i, 1] - 1} of {keys}")
            taken += table[i, 1] != 0
        if taken == capacity:  # a probe ends at a free place
            raise ValueError("table: no place is free")
        self.table, self.mask = <const Place*>&table[0, 0], capacity - 1
        self.nan_code, self.none_code, self.refuse_unknown = nan_code, none_code, refuse_unknown
        self.column = column

    def describe(self, code, row, column, value) -> str:
        """Describe it as ``OneHotEncoder`` and ``OrdinalEncoder`` do."""
        shown = {A_NAN: "nan", A_NONE: "None"}.get(code, repr(value))
        return f"row {row}: Found unknown categories [{shown}] in column {self.column} during transform"


cdef class TextLookup(_Lookup):
    """The code of each text.

    Args:
        inputs: one text per row.
        output: one i64 per row.
        keys: the distinct texts in the order of their codes; ``offsets`` and ``utf8``.
        table: the place of each key, see :func:`text_table`.
        nan_code, none_code: codes of missing values; -1 makes them unknown.
        refuse_unknown: reject values without a code instead of returning -1.
        column: the name of the column in messages.

    Raises:
        ValueError: the table points outside the keys.
    """

    cdef const int64_t* offsets
    cdef const char* utf8

    def __init__(self, inputs, output, *, keys, table, nan_code, none_code, refuse_unknown, column):
        cdef const int64_t[::1] offsets = keys.offsets
        cdef const uint8_t[::1] utf8 = keys.utf8
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("i64",), 1)
        self.keep = (offsets, utf8, table)
        self.offsets = &offsets[0]
        self.utf8 = <const char*>&utf8[0] if utf8.shape[0] else <const char*>&offsets[0]
        self._set(len(keys), table, nan_code, none_code, refuse_unknown, column)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef int64_t* codes = <int64_t*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            codes[row] = self._code(texts[row])
            if codes[row] == UNKNOWN and self.refuse_unknown:
                return reject_text(frame, row, texts[row])
        return OK

    cdef inline int64_t _code(self, Text text) noexcept nogil:
        cdef uint64_t hashed, at
        cdef const Place* place
        if text.length < 0:
            return self.nan_code if text.length == MISSING_NAN else self.none_code
        hashed = keys_hash_text(text.at, text.length)
        at = hashed & self.mask
        while True:
            place = self.table + at
            if place.code_and_one == 0:
                return UNKNOWN
            if place.tag == hashed >> 32 and self._is(place.code_and_one - 1, text):
                return place.code_and_one - 1
            at = (at + 1) & self.mask

    cdef inline bint _is(self, int64_t key, Text text) noexcept nogil:
        cdef int64_t begin = self.offsets[key], length = self.offsets[key + 1] - begin
        return length == text.length and memcmp(self.utf8 + begin, text.at, <size_t>length) == 0


cdef class NumberLookup(_Lookup):
    """The code of each number; -0.0 equals 0.0, and NaN and the NaN that encodes None each have a code or none.

    Args:
        inputs: one number per row.
        keys: the distinct numbers in the order of their codes, f64 for a float input, else i64.

    The other arguments are those of :class:`TextLookup`.
    """

    cdef int kind
    cdef const uint64_t* keys

    def __init__(self, inputs, output, *, keys, table, nan_code, none_code, refuse_unknown, column):
        cdef const uint64_t[::1] bits = np.asarray(keys).view(np.uint64)
        typed("x", inputs[0], tuple(KINDS), 1)
        typed("result", output, ("i64",), 1)
        self.kind = KINDS[inputs[0].dtype]
        if keys.dtype.kind != ("f" if self.kind <= FLOAT64 else "i") or keys.ndim != 1:
            raise ValueError(f"keys: {keys.dtype} does not fit {inputs[0].dtype}")
        self.keep = (bits, table)
        self.keys = &bits[0] if len(keys) else NULL
        self._set(len(keys), table, nan_code, none_code, refuse_unknown, column)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t* codes = <int64_t*>output.values
        cdef int64_t row
        cdef double x
        for row in range(frame.rows):
            if self.kind <= FLOAT64:
                x = (<float*>inputs[0].values)[row] if self.kind == FLOAT32 else (<double*>inputs[0].values)[row]
                codes[row] = self._code(keys_bits(x)) if x == x else self._missing(x)
            else:
                codes[row] = self._code(<uint64_t>integer_at(inputs[0].values, self.kind, row))
            if codes[row] == UNKNOWN and self.refuse_unknown:
                if self.kind > FLOAT64:
                    x = <double>integer_at(inputs[0].values, self.kind, row)
                return reject(frame, kind_of(x), row, 0, x)
        return OK

    cdef inline int64_t _missing(self, double x) noexcept nogil:
        return self.none_code if number_is_none(x) else self.nan_code

    cdef inline int64_t _code(self, uint64_t bits) noexcept nogil:
        cdef uint64_t hashed = keys_hash_number(bits), at
        cdef const Place* place
        at = hashed & self.mask
        while True:
            place = self.table + at
            if place.code_and_one == 0:
                return UNKNOWN
            if self.keys[place.code_and_one - 1] == bits:
                return place.code_and_one - 1
            at = (at + 1) & self.mask


cdef inline Refusal kind_of(double x) noexcept nogil:
    if x == x:
        return A_NUMBER
    return A_NONE if number_is_none(x) else A_NAN


cdef int reject_text(Frame* frame, int64_t row, Text text) noexcept nogil:
    frame.text = text
    if text.length < 0:
        frame.text.at = NULL
        return reject(frame, A_NAN if text.length == MISSING_NAN else A_NONE, row, 0, 0.0)
    return reject(frame, A_TEXT, row, 0, 0.0)


cdef inline int64_t integer_at(const void* values, int kind, int64_t row) noexcept nogil:
    if kind == INT64 or kind == UINT64:
        return (<const int64_t*>values)[row]
    if kind == INT32:
        return (<const int32_t*>values)[row]
    if kind == UINT32:
        return (<const uint32_t*>values)[row]
    if kind == INT16:
        return (<const int16_t*>values)[row]
    if kind == UINT16:
        return (<const uint16_t*>values)[row]
    if kind == INT8:
        return (<const int8_t*>values)[row]
    return (<const uint8_t*>values)[row]


def text_table(const int64_t[::1] offsets, const uint8_t[::1] utf8):
    """Return the table of distinct texts.

    Args:
        offsets: ``[n + 1]``: the start of each text.
        utf8: the bytes of all texts.
    """
    cdef const char* at = <const char*>&utf8[0] if utf8.shape[0] else NULL
    table = np.zeros((capacity_for(offsets.shape[0] - 1), 2), np.uint32)
    cdef uint32_t[:, ::1] places = table
    cdef int64_t code
    for code in range(offsets.shape[0] - 1):
        place(places, keys_hash_text(at + offsets[code], offsets[code + 1] - offsets[code]), code)
    return table


def number_table(keys):
    """Return the table of distinct numbers, f64 or i64; NaN has no place, because it equals nothing."""
    cdef const double[::1] floats
    cdef const int64_t[::1] integers
    cdef int64_t code
    table = np.zeros((capacity_for(len(keys)), 2), np.uint32)
    if keys.dtype.kind == "f":
        floats = keys
        for code in range(floats.shape[0]):
            if floats[code] == floats[code]:
                place(table, keys_hash_number(keys_bits(floats[code])), code)
    else:
        integers = keys
        for code in range(integers.shape[0]):
            place(table, keys_hash_number(<uint64_t>integers[code]), code)
    return table


cdef int64_t capacity_for(int64_t keys):
    cdef int64_t capacity = 4
    while capacity < 2 * keys:
        capacity *= 2
    return capacity


cdef int place(uint32_t[:, ::1] table, uint64_t hashed, int64_t code) except -1:
    cdef uint64_t mask = table.shape[0] - 1, at = hashed & mask
    while table[at, 1] != 0:
        at = (at + 1) & mask
    table[at, 0], table[at, 1] = <uint32_t>(hashed >> 32), <uint32_t>(code + 1)
    return 0
