# Sizes of values that their types do not fix: texts, sparse and ragged rows.
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Slot, Text
from pretzel.kernels.marshal cimport DENSE, SPARSE
from pretzel.kernels.shapes cimport Shape

cdef extern from *:
    """
    static inline int64_t add_shared(int64_t* total, int64_t more) {
        return __atomic_add_fetch(total, more, __ATOMIC_RELAXED);
    }
    """
    int64_t add_shared(int64_t* total, int64_t more) nogil


# Bytes of the value of a block of rows; 0 for dense numbers.
cdef inline int64_t written_bytes(const Slot* slot, const Shape* shape, int64_t rows) noexcept nogil:
    cdef int64_t total = 0, k
    if shape.layout != DENSE:
        return (slot.starts[rows] - slot.starts[0]) * (shape.itemsize + (4 if shape.layout == SPARSE else 0))
    if shape.is_text:
        for k in range(rows * shape.width):
            total += max((<Text*>slot.values)[k].length, 0)
    return total


# Adds what a step wrote to the bytes of its block, `own`.  Returns the bytes in use: those of all parts if these are
# one block, else those of this block and of the piles.  `shared` counts for all threads; NULL if there is nothing else.
cdef inline int64_t add_bytes(int64_t* shared, bint one_block, int64_t* own, int64_t more) noexcept nogil:
    if shared != NULL and one_block:
        return add_shared(shared, more)
    own[0] += more
    return own[0] if shared == NULL else own[0] + add_shared(shared, 0)
