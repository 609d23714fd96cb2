"""Conversions between Python values and slots; nothing here runs while a program does."""

from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memcpy

cimport numpy as cnp

import numpy as np

from pretzel.kernels.frame cimport MISSING_NAN, MISSING_NONE, OK, Slot, Text, reserve


cdef char* address(array) except NULL:
    return <char*>cnp.PyArray_BYTES(<cnp.ndarray?>array)



cdef int bind(Slot* slot, int layout, column) except -1:
    if layout == RAGGED:
        bind(slot, DENSE, column[0])
        slot.origin_starts = <int64_t*>address(column[1])
    elif layout == SPARSE:
        slot.origin, slot.columns = address(column[0]), <int32_t*>address(column[1])
        slot.origin_starts = <int64_t*>address(column[2])
    elif isinstance(column, tuple):
        _reserve_texts(slot, len(column))
        _view_strings(<Text*>slot.origin, column)
    elif isinstance(column, list):
        _reserve_texts(slot, len(column[1]))
        _view_packed(<Text*>slot.origin, column[0], column[1], column[2])
    else:
        slot.origin = address(column)
    return 0


cdef int _reserve_texts(Slot* slot, int64_t count) except -1:
    if reserve(&slot.own_values, count * sizeof(Text) + 64) != OK:
        raise MemoryError(f"frame: no memory for {count} texts")
    slot.origin = <char*>slot.own_values.at
    return 0


cdef int _view_strings(Text* texts, tuple strings) except -1:
    """View each string in place; CPython caches the UTF-8 of a non-ASCII string in the string object."""
    cdef Py_ssize_t length, i
    for i in range(len(strings)):
        text = strings[i]
        if isinstance(text, str):
            texts[i].at = PyUnicode_AsUTF8AndSize(text, &length)
            texts[i].length = length
        else:
            texts[i].at, texts[i].length = NULL, MISSING_NONE if text is None else MISSING_NAN
    return 0


def first_unreadable(tuple items not None):
    """Return the position of the first item that is not a text, None or NaN, or that UTF-8 cannot encode; or -1."""
    cdef Py_ssize_t length, i = 0
    try:
        for i in range(len(items)):
            item = items[i]
            if isinstance(item, str):
                PyUnicode_AsUTF8AndSize(item, &length)  # a lone surrogate fails
            elif item is not None and not (isinstance(item, float) and item != item):
                return i
    except UnicodeEncodeError:
        return i
    return -1


cdef int _view_packed(Text* texts, data, const uint32_t[::1] lengths, missing) except -1:
    cdef const char* at = address(data)
    cdef const uint8_t[::1] absent = missing
    cdef Py_ssize_t i
    for i in range(lengths.shape[0]):
        texts[i].at, texts[i].length = at, lengths[i]
        at += lengths[i]
        if absent is not None and absent[i]:
            texts[i].length = MISSING_NAN if absent[i] == 1 else MISSING_NONE
    return 0


cdef tuple take_sparse(Slot* slot, int64_t rows, dtype):
    cdef int64_t stored = slot.starts[rows] - slot.starts[0], first = slot.starts[0], size = dtype.itemsize
    values, columns = np.empty(stored, dtype), np.empty(stored, np.int32)
    starts = np.empty(rows + 1, np.int64)
    memcpy(address(values), <char*>slot.values + first * size, <size_t>(stored * size))
    memcpy(address(columns), slot.columns + first, <size_t>(stored * 4))
    memcpy(address(starts), slot.starts, <size_t>((rows + 1) * 8))
    return values, columns, starts - first if first else starts


cdef tuple take_texts(Slot* slot, int64_t count):
    cdef const Text* texts = <const Text*>slot.values
    cdef int64_t total = 0, i
    for i in range(count):
        total += max(texts[i].length, 0)
    data, lengths, missing = np.empty(total, np.uint8), np.empty(count, np.uint32), np.zeros(count, np.uint8)
    pack(texts, count, address(data), <uint32_t*>address(lengths), <uint8_t*>address(missing))
    return data, lengths, missing if missing.any() else None


cdef void pack(const Text* texts, int64_t count, char* data, uint32_t* lengths, uint8_t* missing) noexcept nogil:
    """Copy texts to consecutive bytes; a missing text has no bytes and a mark, 1 for NaN and 2 for None."""
    cdef int64_t i
    for i in range(count):
        lengths[i] = <uint32_t>max(texts[i].length, <int64_t>0)
        if texts[i].length < 0:
            missing[i] = 1 if texts[i].length == MISSING_NAN else 2
        if lengths[i]:  # a missing text has no address
            memcpy(data, texts[i].at, lengths[i])
            data += lengths[i]
