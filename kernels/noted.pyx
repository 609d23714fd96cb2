"""Records which plans each thread runs, in memory that outlives the process: its supervisor reads it after a crash."""

from libc.string cimport memcpy, memset

cdef extern from "noted.h" nogil:
    size_t place_of_thread()
    void settle()

cdef char* page = NULL
cdef size_t line_bytes = 0, lines = 0
cdef list pages = []  # all that were ever recorded in: a run may still write to the last but one


def record_runs(memory, int line):
    """Record in ``memory``, a writable buffer, the plans that each thread runs: ``line`` bytes for each.

    A thread has a line of its own, unless more threads than lines have run programs.
    """
    global page, line_bytes, lines
    cdef unsigned char[::1] into = memory
    if line < 1 or into.shape[0] < line or into.shape[0] % line:
        raise ValueError(f"record: {into.shape[0]} bytes are not lines of {line}")
    pages.append(into)
    line_bytes, lines, page = line, into.shape[0] // line, <char*>&into[0]


cdef class Note:
    """The keys of the plans that a program runs; at most as many bytes as a line has."""

    def __cinit__(self, bytes keys not None):
        self.kept, self.at, self.size = keys, keys, len(keys)

    cdef char* begin(self) noexcept nogil:
        cdef char* line
        if page == NULL or self.size == 0 or self.size > line_bytes:
            return NULL
        line = page + line_bytes * (place_of_thread() % lines)
        memcpy(line, self.at, self.size)
        settle()
        return line

    cdef void end(self, char* line) noexcept nogil:
        if line != NULL:
            settle()
            memset(line, 0, self.size)
