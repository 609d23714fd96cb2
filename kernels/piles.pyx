"""Sparse rows of blocks, one behind another.  How many values the rows to come have is not known."""

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, extend_sparse, reserve
from pretzel.kernels.sizes cimport add_shared
from pretzel.kernels.stopped cimport TOO_LARGE

cdef enum:
    MOST_AHEAD = 4  # times as many values as there are have room at most: rows to come may be empty


cdef class Piles:
    """The piles of a program, behind ``first`` other slots.  ``outputs``: slot and bytes of a value of each."""

    def __cinit__(self, int first, outputs):
        self.first, self.count = first, len(outputs)
        self.outputs = <int*>calloc(self.count + 1, sizeof(int))
        self.sizes = <int64_t*>calloc(self.count + 1, sizeof(int64_t))
        if not (self.outputs and self.sizes):
            raise MemoryError("piles: no memory for their tables")
        for k, (slot, size) in enumerate(outputs):
            self.outputs[k], self.sizes[k] = slot, size

    def __dealloc__(self):
        free(self.outputs)
        free(self.sizes)

    cdef int position(self, int slot) noexcept nogil:
        cdef int k = 0
        while self.outputs[k] != slot:
            k += 1
        return k

    cdef int add(
        self, Frame* frame, int64_t* used, int64_t most, int64_t before, int64_t expected
    ) noexcept nogil:
        cdef Slot* block
        cdef int64_t total = 0
        cdef int k
        for k in range(self.count):
            block = self.output(frame, k)
            if append(self.pile(frame, k), block, before, frame.rows, expected, self.sizes[k]) != OK:
                return OUT_OF_MEMORY
            total = add_shared(used, (block.starts[frame.rows] - block.starts[0]) * (self.sizes[k] + 4))
        # Blocks that other threads computed meanwhile count only here: of all threads the last one sees all rows.
        return TOO_LARGE if 0 < most < total else OK

    cdef void show(self, Frame* frame) noexcept nogil:
        cdef int k
        for k in range(self.count):
            show_rows(self.output(frame, k), self.pile(frame, k))

    cdef void show_joined(self, Frame* frame) noexcept nogil:
        cdef int k
        for k in range(self.count):
            show_rows(self.output(frame, k), self.joined(frame, k))


cdef void show_rows(Slot* shown, const Slot* rows) noexcept nogil:
    shown.values, shown.columns, shown.starts = rows.values, rows.columns, rows.starts


cdef int append(
    Slot* pile, const Slot* block, int64_t before, int64_t rows, int64_t expected, int64_t size
) noexcept nogil:
    cdef Piece piece = Piece(block, 0, rows, 0)
    cdef int64_t total
    if before == 0:
        if reserve(&pile.own_starts, (expected + 1) * 8) != OK:
            return OUT_OF_MEMORY
        pile.starts = <int64_t*>pile.own_starts.at
        pile.starts[0] = 0
    piece.at = pile.starts[before]
    total = piece.at + stored_in(&piece)
    if not has_room(pile, total, size):
        total = ahead(total, before + rows, expected)
    if extend_sparse(pile, total, piece.at, size) != OK:
        return OUT_OF_MEMORY
    copy_piece(pile, &piece, before, size)
    return OK


cdef bint has_room(const Slot* pile, int64_t stored, int64_t size) noexcept nogil:
    return pile.own_columns.capacity >= stored * 4 + 64 and pile.own_values.capacity >= stored * size + 64


cdef int64_t ahead(int64_t stored, int64_t rows, int64_t expected) noexcept nogil:
    """Return the number of values to make room for, if the rows to come are like those that are there."""
    return <int64_t>(<double>stored * min(<double>expected / rows, <double>MOST_AHEAD))


cdef void copy_piece(Slot* target, const Piece* piece, int64_t row, int64_t size) noexcept nogil:
    cdef const int64_t* starts = piece.source.starts + piece.first
    cdef int64_t first = starts[0], stored = stored_in(piece), at = piece.at, i
    memcpy(<char*>target.values + at * size, <char*>piece.source.values + first * size, <size_t>(stored * size))
    memcpy(target.columns + at, piece.source.columns + first, <size_t>(stored * 4))
    for i in range(1, piece.rows + 1):
        target.starts[row + i] = starts[i] - first + at
