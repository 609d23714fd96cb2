"""Concatenation of bytes and arrays without the GIL, so that a large response does not block the event loop."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cimport numpy as cnp

cdef struct Piece:
    const char* at
    int64_t length


def joined(list parts not None):
    """Return the parts, bytes or C-contiguous arrays, concatenated in order."""
    cdef int64_t count = len(parts), total = 0, i
    cdef Piece* pieces = <Piece*>malloc(<size_t>(count + 1) * sizeof(Piece))
    cdef char* to
    if pieces == NULL:
        raise MemoryError(f"joining: no memory for {count} parts")
    try:
        for i in range(count):
            pieces[i] = _piece(parts[i])
            total += pieces[i].length
        out = PyBytes_FromStringAndSize(NULL, total)
        to = PyBytes_AS_STRING(out)
        with nogil:
            for i in range(count):
                memcpy(to, pieces[i].at, <size_t>pieces[i].length)
                to += pieces[i].length
        return out
    finally:
        free(pieces)


cdef Piece _piece(part) except *:
    cdef Piece piece
    if isinstance(part, bytes):
        piece.at, piece.length = PyBytes_AS_STRING(part), len(part)
        return piece
    if not (<cnp.ndarray?>part).flags.c_contiguous:
        raise ValueError("joining: an array is not contiguous")
    piece.at, piece.length = cnp.PyArray_BYTES(part), part.nbytes
    return piece
