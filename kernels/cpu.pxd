# Which copy of each body this process runs: an index for the `..._for(level)` of a table, see cpu.h.
cdef int level
