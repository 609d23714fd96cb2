# Piles: the sparse rows of blocks, one behind another in the memory of a slot.
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Frame, Slot

# Sparse rows of one slot that belong among those of others.
cdef struct Piece:
    const Slot* source
    int64_t first          # the row of the source where they begin
    int64_t rows
    int64_t at             # the place of their first value there


# Where the piles of a program are in a frame: behind the slots of its values.
cdef class Piles:
    cdef int count         # of outputs that are sparse
    cdef int first         # slot of the first pile; as many slots follow for the rows of all piles, joined
    cdef int* outputs      # the slot of each
    cdef int64_t* sizes    # bytes of a value of each

    # Appends the outputs of a block to piles that hold `before` rows, and `expected` at most in the end.  Adds their
    # bytes to `used`.  Returns OK, OUT_OF_MEMORY, or TOO_LARGE if these exceed `most`; 0 allows any number.
    cdef int add(self, Frame* frame, int64_t* used, int64_t most, int64_t before, int64_t expected) noexcept nogil
    # Lets the outputs be the piles, or the joined rows of all.
    cdef void show(self, Frame* frame) noexcept nogil
    cdef void show_joined(self, Frame* frame) noexcept nogil

    cdef inline int slots_needed(self) noexcept nogil:
        return self.first + 2 * self.count

    # Returns which of the sparse outputs has this slot.
    cdef int position(self, int slot) noexcept nogil

    # The k-th of the sparse outputs, its pile, and its joined rows.
    cdef inline Slot* output(self, Frame* frame, int k) noexcept nogil:
        return &frame.slots[self.outputs[k]]

    cdef inline Slot* pile(self, Frame* frame, int k) noexcept nogil:
        return &frame.slots[self.first + k]

    cdef inline Slot* joined(self, Frame* frame, int k) noexcept nogil:
        return &frame.slots[self.first + self.count + k]


# The number of values of a piece.
cdef inline int64_t stored_in(const Piece* piece) noexcept nogil:
    return piece.source.starts[piece.first + piece.rows] - piece.source.starts[piece.first]

# Copies a piece to its place in `target`, as the rows from `row` on.
cdef void copy_piece(Slot* target, const Piece* piece, int64_t row, int64_t size) noexcept nogil
