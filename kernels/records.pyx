"""Rows of named values read directly from Python objects, in one pass; nothing here runs while a program does."""

from libc.math cimport NAN
from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.marshal cimport address


class BadRow(ValueError):
    """A row is invalid for the reason ``closer`` or Python gave; ``row`` is its position."""

    def __init__(self, row, why):
        super().__init__(str(why))
        self.row = row


def read_records(list rows not None, str separator not None, bint pairs, bint loose, closer):
    """Return names, values and the start of each row, or None if a row needs the general reader."""
    cdef tuple fixed = tuple(rows)  # a copy that code of the caller's `closer` cannot change
    cdef int64_t row = 0, i
    if not are_plain(fixed, list if pairs else dict):
        return None
    cdef Reader reader = Reader(separator, loose, closer)
    starts = np.zeros(len(fixed) + 1, np.int64)
    cdef int64_t* start = <int64_t*>address(starts)
    try:
        for row in range(len(fixed)):
            if pairs:
                reader.read_pairs(fixed[row])
            else:
                reader.read_dict(fixed[row])
            start[row + 1] = len(reader.names)
    except (TypeError, ValueError, OverflowError) as why:
        raise BadRow(row, why) from why
    return tuple(reader.names), reader.values[:len(reader.names)], starts


cdef bint are_plain(tuple rows, kind) except -1:
    for row in rows:
        if type(row) is not kind:
            return False
    return True


cdef class Reader:
    """Collects the named values of rows; exact types are converted here, because they run no code of the caller's."""

    cdef list names
    cdef object values, closer
    cdef double* value
    cdef int64_t room
    cdef str separator
    cdef bint loose

    def __init__(self, separator, loose, closer):
        self.names, self.separator, self.loose, self.closer = [], separator, loose, closer
        self.values, self.room = np.empty(0, np.float64), 0

    cdef int grow(self) except -1:
        values = np.empty(max(2 * self.room, <int64_t>64), np.float64)
        values[:self.room] = self.values
        self.values, self.value, self.room = values, <double*>address(values), len(values)
        return 0

    cdef int read_dict(self, dict row) except -1:
        for name, value in row.items():
            self.read(name, value)
        return 0

    cdef int read_pairs(self, list row) except -1:
        for pair in row:
            name, value = pair
            self.read(name, value)
        return 0

    cdef int read(self, name, value) except -1:
        if type(name) is not str:
            return self.look_closer(name, value)
        if type(value) is float or type(value) is int or type(value) is bool:
            return self.put(name, value)
        if type(value) is str:
            return self.put(f"{<str>name}{self.separator}{<str>value}", 1.0)
        if value is None and self.loose:
            return self.put(name, NAN)
        return self.look_closer(name, value)

    cdef int look_closer(self, name, value) except -1:
        for feature, number in self.closer(name, value):
            self.put(feature, number)
        return 0

    cdef inline int put(self, name, double number) except -1:
        cdef int64_t used = len(self.names)
        if used == self.room:
            self.grow()
        self.value[used] = number
        self.names.append(name)
        return 0
