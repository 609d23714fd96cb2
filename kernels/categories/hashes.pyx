"""CatBoost's hashes of values, and one key for a combination of hashes."""

from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport MISSING_NAN, OK, Frame, Slot, Text, reject
from pretzel.kernels.kernel cimport Kernel

cdef extern from "cityhash.h" nogil:
    uint64_t city_hash(const char* s, int64_t n)

cdef enum:
    DIGITS = 20  # of the longest number, with its sign

cdef uint64_t MULTIPLIER = 0x4906ba494954cb65

cdef enum Refusal:
    A_NUMBER = 0
    A_NAN = 1
    A_NONE = 2

cdef enum Kind:
    FLOAT32, FLOAT64, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32

cdef dict KINDS = {
    "f32": FLOAT32, "f64": FLOAT64, "i8": INT8, "i16": INT16, "i32": INT32, "i64": INT64, "u8": UINT8, "u16": UINT16,
    "u32": UINT32,
}


cdef class _CategoryHash(Kernel):
    """Base of both hashes: their error message."""

    cdef str column

    def describe(self, code, row, column, value) -> str:
        """Describe it as CatBoost does."""
        shown = {A_NAN: "nan", A_NONE: "None"}.get(code, repr(value))
        return f"row {row}: {shown} in column {self.column} is not a category; cat_features must be integer or string"


cdef class TextHash(_CategoryHash):
    """The lower half of CityHash64 of each text, signed.

    Args:
        inputs: one text per row.
        output: one i64 per row.
        column: the name of the column in messages.
    """

    def __init__(self, inputs, output, *, column):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("i64",), 1)
        self.column = column

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef int64_t* hashes = <int64_t*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            if texts[row].length < 0:
                return reject(frame, A_NAN if texts[row].length == MISSING_NAN else A_NONE, row, 0, 0.0)
            hashes[row] = signed_half(city_hash(texts[row].at, texts[row].length))
        return OK


cdef class NumberHash(_CategoryHash):
    """The hash of the decimal digits of each number; rejects numbers that are not whole or exceed 64 bits.

    Args:
        inputs: one number per row: f32, f64 or an integer type.
        output: one i64 per row.
        column: the name of the column in messages.

    Raises:
        ValueError: the types do not fit.
    """

    cdef int kind

    def __init__(self, inputs, output, *, column):
        typed("x", inputs[0], tuple(KINDS), 1)
        typed("result", output, ("i64",), 1)
        self.kind = KINDS[inputs[0].dtype]
        self.column = column

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t* hashes = <int64_t*>output.values
        cdef int64_t row
        cdef double x
        for row in range(frame.rows):
            if self.kind > FLOAT64:
                hashes[row] = digits_hash(integer_at(inputs[0].values, self.kind, row))
                continue
            x = (<float*>inputs[0].values)[row] if self.kind == FLOAT32 else (<double*>inputs[0].values)[row]
            if not (-9223372036854775808.0 < x < 9223372036854775808.0) or x != <double><int64_t>x:
                return reject(frame, A_NAN if x != x else A_NUMBER, row, 0, x)
            hashes[row] = digits_hash(<int64_t>x)
        return OK


cdef class CombineHashes(Kernel):
    """One key per row, folded over its parts: ``key = m * (key + m * part)``.

    Args:
        inputs: one or more of one i64 per row.
        output: one i64 per row.
    """

    cdef int64_t parts

    def __init__(self, inputs, output):
        typed("result", output, ("i64",), 1)
        for i, part in enumerate(inputs):
            typed(f"part {i}", part, ("i64",), 1)
        self.parts = len(inputs)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef uint64_t* keys = <uint64_t*>output.values
        cdef const uint64_t* values
        cdef int64_t part, row
        for row in range(frame.rows):
            keys[row] = 0
        for part in range(self.parts):
            values = <const uint64_t*>inputs[part].values
            for row in range(frame.rows):
                keys[row] = MULTIPLIER * (keys[row] + MULTIPLIER * values[row])
        return OK


cdef inline int64_t signed_half(uint64_t hashed) noexcept nogil:
    return <int64_t><int32_t><uint32_t>hashed


cdef inline int64_t digits_hash(int64_t x) noexcept nogil:
    cdef char digits[DIGITS]
    cdef int64_t at = DIGITS
    cdef uint64_t rest = <uint64_t>x if x >= 0 else -<uint64_t>x
    while True:
        at -= 1
        digits[at] = <char>(48 + rest % 10)
        rest //= 10
        if rest == 0:
            break
    if x < 0:
        at -= 1
        digits[at] = 45
    return signed_half(city_hash(digits + at, DIGITS - at))


cdef inline int64_t integer_at(const void* values, int kind, int64_t row) noexcept nogil:
    if kind == INT64:
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
