# What a thread runs, in memory that outlives the process.

# The keys of the plans that a program runs.
cdef class Note:
    cdef bytes kept
    cdef const char* at
    cdef size_t size

    # Writes them to the line of this thread, and returns it; NULL if nothing is recorded.
    cdef char* begin(self) noexcept nogil
    # Clears the line.
    cdef void end(self, char* line) noexcept nogil
