# The layout of a slot's values, as a program needs it.
from libc.stdint cimport int64_t

cdef struct Shape:
    int layout
    bint is_text
    int64_t itemsize
    int64_t width

# Fills a shape from the type of a value.
cdef int set_shape(Shape* shape, kind) except -1
