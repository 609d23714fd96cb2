# The copy of each body that this process runs: an index for the `..._for(level)` of a table, see cpu.h.
cdef int level
