"""Assembles a large message where it stays, without moving it or touching its memory page by page."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.string cimport memcpy

cdef extern from *:
    """
    #include <stdint.h>
    #include <sys/mman.h>
    #include <unistd.h>

    /* Lets the system back memory by large pages: the first touch of each page costs a fault, and a message of 32 MB
       has 8,000 small ones.  Nothing depends on whether it does. */
    static void prefer_large_pages(char *at, int64_t size) {
    #ifdef MADV_HUGEPAGE
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = ((uintptr_t)at + page - 1) & ~(page - 1);
        uintptr_t last = ((uintptr_t)at + (uintptr_t)size) & ~(page - 1);
        if (last > first) madvise((void *)first, last - first, MADV_HUGEPAGE);
    #else
        (void)at, (void)size;
    #endif
    }
    """
    void prefer_large_pages(char* at, int64_t size) nogil

FIRST = 4 << 20
"""Bytes that arrive before there is memory for more: the length of a message is only what its sender says."""
cdef int64_t _FIRST = FIRST


cdef class Assembly:
    """A message of ``length`` bytes, of which some have arrived."""

    cdef bytes _message
    cdef int64_t _length
    cdef readonly int64_t held  # bytes that have arrived
    cdef readonly int64_t room  # bytes that there is memory for

    def __init__(self, int64_t length):
        self._length, self.held = length, 0
        self._make(min(length, _FIRST))

    @property
    def missing(self):
        """Bytes that have not arrived."""
        return self._length - self.held

    def add(self, const unsigned char[::1] data not None):
        """Take the missing bytes from the start of ``data``, and return how many that were."""
        cdef int64_t count = min(<int64_t>data.shape[0], self._length - self.held)
        if count <= 0:
            return 0
        if self.held + count > self.room:
            self._make(self._length)
        memcpy(PyBytes_AS_STRING(self._message) + self.held, &data[0], <size_t>count)
        self.held += count
        return count

    def take(self):
        """Return the whole message, and forget it.

        Raises:
            ValueError: bytes are missing, or it was taken.
        """
        if self.held < self._length:
            raise ValueError(f"assembly: {self._length - self.held} bytes are missing")
        if self._message is None:
            raise ValueError("assembly: the message was taken already")
        message, self._message = self._message, None
        return message

    cdef int _make(self, int64_t room) except -1:
        """Make room, and keep what has arrived."""
        cdef bytes message = PyBytes_FromStringAndSize(NULL, room)
        if room >= _FIRST:
            prefer_large_pages(PyBytes_AS_STRING(message), room)
        if self.held:
            memcpy(PyBytes_AS_STRING(message), PyBytes_AS_STRING(self._message), <size_t>self.held)
        self._message, self.room = message, room
        return 0
