"""The frames that refuse calls, until they are sent."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport free, realloc
from libc.string cimport memcpy

cdef enum:  # of HTTP/2
    HEAD = 9
    HEADERS = 1
    END_STREAM = 1
    END_HEADERS = 4


cdef class Refusals:
    """Frames of one connection, each a header block that leaves the table of the compression unchanged."""

    def __init__(self, bytes block not None):
        """Begin without frames; the block of each begins with ``block``."""
        self.block = block

    def __dealloc__(self):
        free(self.out)

    cdef int write(self, uint32_t stream, const uint8_t* own, Py_ssize_t owned, bytes attached) except -1:
        """Add the frame of a stream, with a field of its own, and others that are attached."""
        cdef Py_ssize_t common = PyBytes_GET_SIZE(self.block), more = PyBytes_GET_SIZE(attached)
        cdef Py_ssize_t length = common + owned + more, needed = self.used + HEAD + length
        cdef uint8_t* out
        if needed > self.room:
            out = <uint8_t*>realloc(self.out, 2 * needed)
            if out == NULL:
                raise MemoryError
            self.out, self.room = out, 2 * needed
        out = self.out + self.used
        out[0], out[1], out[2] = <uint8_t>(length >> 16), <uint8_t>(length >> 8), <uint8_t>length
        out[3], out[4] = HEADERS, END_HEADERS | END_STREAM
        out[5], out[6] = <uint8_t>(stream >> 24), <uint8_t>(stream >> 16)
        out[7], out[8] = <uint8_t>(stream >> 8), <uint8_t>stream
        memcpy(out + HEAD, PyBytes_AS_STRING(self.block), common)
        if owned:  # else the field may be NULL
            memcpy(out + HEAD + common, own, owned)
        memcpy(out + HEAD + common + owned, PyBytes_AS_STRING(attached), more)
        self.used = needed
        return 0

    cdef bytes taken(self):
        """Return the frames, once."""
        cdef bytes frames = PyBytes_FromStringAndSize(<char*>self.out, self.used)
        free(self.out)
        self.out, self.used, self.room = NULL, 0, 0
        return frames
