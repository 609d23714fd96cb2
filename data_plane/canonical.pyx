"""Reads what :func:`pretzel.plan.encoding.encode` wrote, in a fifth of the time of the decoder in Python.

Bytes in which anything is unusual are left to that decoder, which accepts or rejects them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp, memcpy

from sys import intern

from pretzel.plan.encoding import MAX_DEPTH as _MAX_DEPTH
from pretzel.plan.encoding import decode as _decode

cdef enum:  # major types
    UINT = 0
    NEGINT = 1
    BYTES = 2
    TEXT = 3
    ARRAY = 4
    MAP = 5

cdef enum:
    DOUBLE = 0xFB
    FALSE = 0xF4
    TRUE = 0xF5
    NONE = 0xF6
    SHORT = 24  # bytes of a key up to which it is probably the name of a field, and one object for all

cdef int MAX_DEPTH = _MAX_DEPTH
cdef uint64_t NAN_BITS = 0x7FF8000000000000

ctypedef struct Cursor:
    const uint8_t* at
    const uint8_t* end


class _Unusual(Exception):
    """Raised for bytes that the other decoder looks at."""


def decode(data):
    """Return the value that :func:`pretzel.plan.encoding.encode` wrote; sequences come back as lists.

    Raises:
        CorruptObjectError: as :func:`pretzel.plan.encoding.decode` does.
    """
    cdef bytes kept = bytes(data)
    cdef Cursor cursor
    cursor.at = <const uint8_t*>PyBytes_AS_STRING(kept)
    cursor.end = cursor.at + PyBytes_GET_SIZE(kept)
    try:
        value = read(&cursor, 0)
    except (_Unusual, UnicodeDecodeError):
        return _decode(kept)
    return value if cursor.at == cursor.end else _decode(kept)


cdef object read(Cursor* cursor, int depth):
    cdef uint8_t first
    cdef uint64_t n
    if depth > MAX_DEPTH or cursor.at == cursor.end:
        raise _Unusual
    first = cursor.at[0]
    cursor.at += 1
    if first >> 5 > MAP:
        return simple(cursor, first)
    n = argument(cursor, first & 31)
    if first >> 5 == UINT:
        return n
    if first >> 5 == NEGINT:
        return -1 - <object>n
    if n > <uint64_t>(cursor.end - cursor.at):  # each byte, character or item takes at least one byte
        raise _Unusual
    if first >> 5 == TEXT:
        return text(cursor, <Py_ssize_t>n)
    if first >> 5 == MAP:
        return fields(cursor, <Py_ssize_t>n, depth)
    if first >> 5 == ARRAY:
        return items(cursor, <Py_ssize_t>n, depth)
    cursor.at += n
    return PyBytes_FromStringAndSize(<const char*>cursor.at - n, <Py_ssize_t>n)


cdef object simple(Cursor* cursor, uint8_t first):
    cdef uint64_t bits
    cdef double value
    if first == DOUBLE:
        bits = number(cursor, 8)
        memcpy(&value, &bits, sizeof(double))
        if value != value and bits != NAN_BITS:
            raise _Unusual
        return value
    if first == FALSE or first == TRUE:
        return first == TRUE
    if first == NONE:
        return None
    raise _Unusual


cdef uint64_t argument(Cursor* cursor, int info) except? 0:
    """Return the number of a head, in its shortest form."""
    cdef uint64_t n
    cdef int size
    if info < 24:
        return <uint64_t>info
    if info > 27:
        raise _Unusual
    size = 1 << (info - 24)
    n = number(cursor, size)
    if n < (<uint64_t>24 if size == 1 else <uint64_t>1 << (4 * size)):
        raise _Unusual
    return n


cdef uint64_t number(Cursor* cursor, int size) except? 0:
    cdef uint64_t n = 0
    cdef int i
    if cursor.end - cursor.at < size:
        raise _Unusual
    for i in range(size):
        n = n << 8 | cursor.at[i]
    cursor.at += size
    return n


cdef object text(Cursor* cursor, Py_ssize_t n):
    cursor.at += n
    return PyUnicode_DecodeUTF8(<const char*>cursor.at - n, n, NULL)


cdef list items(Cursor* cursor, Py_ssize_t n, int depth):
    cdef list found = []
    cdef Py_ssize_t i
    for i in range(n):
        found.append(read(cursor, depth + 1))
    return found


cdef dict fields(Cursor* cursor, Py_ssize_t n, int depth):
    """Return a map, whose keys are texts in the order of their bytes."""
    cdef dict found = {}
    cdef const uint8_t* last = NULL
    cdef const uint8_t* begun
    cdef Py_ssize_t last_size = 0, size
    cdef Py_ssize_t i
    for i in range(n):
        begun = cursor.at
        key = name(cursor, depth)
        size = cursor.at - begun
        if last != NULL and not is_before(last, last_size, begun, size):
            raise _Unusual
        last, last_size = begun, size
        found[key] = read(cursor, depth + 1)
    return found


cdef object name(Cursor* cursor, int depth):
    cdef const uint8_t* begun = cursor.at
    key = read(cursor, depth + 1)
    if type(key) is not str:
        raise _Unusual
    return intern(key) if cursor.at - begun <= SHORT else key


cdef bint is_before(const uint8_t* one, Py_ssize_t one_size, const uint8_t* other, Py_ssize_t other_size) noexcept:
    cdef int order = memcmp(one, other, <size_t>min(one_size, other_size))
    return order < 0 or (order == 0 and one_size < other_size)
