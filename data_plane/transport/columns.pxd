# Columns of requests against the inputs of a program: all checks of plan/wire/columns.py and engine/columns.py.
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.decode cimport DATA, LENGTHS, STARTS, RawColumn
from pretzel.data_plane.transport.wire cimport Span
from pretzel.kernels.frame cimport Slot
from pretzel.kernels.shapes cimport Shape

# An input of a program.
cdef struct Input:
    Span name
    Span type
    Shape shape
    bint is_bool
    bint is_framed         # its texts come as in tensors: each is its length in four bytes, then its content

# Bytes of a column as the cost model counts them (scheduling/cost.py).
cdef inline int64_t cost_bytes(const RawColumn* column) noexcept nogil:
    return column.parts[DATA].length + column.parts[LENGTHS].length + column.parts[STARTS].length

# Whether every part of a column fits its input and `rows`, as the slower checks decide.
cdef bint fits(const Input* taken, const RawColumn* column) noexcept nogil

# Whether bytes are UTF-8.
cdef bint is_utf8(Span text) noexcept nogil

# Points a slot at a column that fits.  Returns OK or OUT_OF_MEMORY.
cdef int place(Slot* slot, const Input* taken, const RawColumn* column) noexcept nogil
