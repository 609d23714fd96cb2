# Conversions between Python values and slots.
from libc.stdint cimport int64_t, uint32_t, uint8_t

from pretzel.kernels.frame cimport Slot, Text

cdef enum Layout:
    DENSE = 0
    SPARSE = 1
    RAGGED = 2

# Returns the address of a C-contiguous array; even an empty one has memory.
cdef char* address(array) except NULL

# Points a slot's origin at the memory of a request's column; views of texts are stored in the slot's own values.
cdef int bind(Slot* slot, int layout, column) except -1

# Copies the rows of a sparse slot out: values, columns, starts from 0.
cdef tuple take_sparse(Slot* slot, int64_t rows, dtype)

# Copies texts out, packed: their bytes, their lengths, and which are missing (or None).
cdef tuple take_texts(Slot* slot, int64_t count)

# Copies texts to consecutive bytes, with their lengths; missing ones are marked, 1 for NaN and 2 for None.
cdef void pack(const Text* texts, int64_t count, char* data, uint32_t* lengths, uint8_t* missing) noexcept nogil
