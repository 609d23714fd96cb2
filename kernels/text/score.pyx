"""Texts scored in one pass, from bytes to the results of linear models: no slot holds a token or a feature.

A few rows at a time are split, counted, weighted and scored, by the parts of the separate kernels, so that every number
is the same.  Values passed between the parts stay in the first-level cache, and leave the next one to dictionaries and
weights.
"""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, interrupted, reserve, reserve_sparse
from pretzel.kernels.sparse.fusible cimport Head, Values
from pretzel.kernels.text.fusible cimport Counter, Tokenizer
from pretzel.kernels.text.rows cimport Row
from pretzel.kernels.text.texts cimport TextKernel, reject_missing

cdef enum:
    TILE = 8  # rows that pass from part to part together

cdef struct Part:
    PyObject* kernel  # borrowed: the tuple owns it
    int outputs       # slots that it writes; 0 if it changes values


cdef class Score(TextKernel):
    """A fused chain of kernels over texts: tokenizer, counter, changes of the counts, and heads.

    ``kernels``: in that order; at most one tokenizer, one counter of floats, any number of value changes, at least one
    head.  The outputs are those of the heads.  Rejects a missing text; can be stopped between rows.

    Raises:
        ValueError: the kernels are not such a chain.
    """

    cdef readonly int outputs
    cdef tuple kernels
    cdef Tokenizer tokenizer
    cdef Counter counter
    cdef bint ragged           # it reads tokens
    cdef Part* parts           # the parts after the counter
    cdef int changes, count

    def __init__(self, kernels):
        self.kernels = tuple(kernels)
        rest = list(kernels)
        self.tokenizer = rest.pop(0) if rest and isinstance(rest[0], Tokenizer) else None
        if not rest or not isinstance(rest[0], Counter):
            raise ValueError(f"expected a kernel that counts n-grams, got {_names(rest[:1])}")
        self.counter = rest.pop(0)
        self.ragged = self.counter.words and self.tokenizer is None
        if not self.counter.floating or (self.tokenizer is not None and not self.counter.words):
            raise ValueError("counts: expected floats, of words where texts are split")
        self.set_parts(rest)

    cdef set_parts(self, list kernels):
        """Store the parts after the counter so that the hot path needs no Python objects."""
        heads = [isinstance(kernel, Head) for kernel in kernels]
        if not any(heads) or heads != sorted(heads) or not all([isinstance(k, (Head, Values)) for k in kernels]):
            raise ValueError(f"expected changes of values and then heads, got {_names(kernels)}")
        self.changes, self.count = heads.count(False), len(heads)
        self.parts = <Part*>calloc(self.count, sizeof(Part))
        if self.parts == NULL:
            raise MemoryError(f"no memory for a chain of {self.count} kernels")
        for i, kernel in enumerate(kernels):
            self.parts[i] = Part(<PyObject*>kernel, getattr(kernel, "outputs", 1) if heads[i] else 0)
            self.outputs += self.parts[i].outputs

    def __dealloc__(self):
        free(self.parts)

    @staticmethod
    def size(kernels):
        """Return the bytes that the chain holds in addition to its kernels: negligible."""
        return 0

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Row row
        cdef int64_t first = 0, rows
        cdef int status = self.counter.begin(frame)
        while first < frame.rows and status == OK:
            rows = min(<int64_t>TILE, frame.rows - first)
            status = self.features(frame, inputs[0], first, rows, &row)
            if status == OK:
                self.scores(&frame.tile, output, first, rows)
                first += rows
                status = interrupted(frame) if first < frame.rows else OK
        return status

    cdef inline int features(self, Frame* frame, const Slot* x, int64_t first, int64_t rows, Row* row) noexcept nogil:
        """Count the n-grams of some rows."""
        cdef const Text* items = <const Text*>x.values
        cdef Slot* tile = &frame.tile
        cdef int64_t i
        cdef int status
        if reserve_sparse(frame, tile, 64 * rows, self.counter.itemsize) != OK:
            return OUT_OF_MEMORY
        tile.starts[0], row.end = 0, NULL
        for i in range(first, first + rows):
            if self.ragged:
                status = self.counter.append(
                    frame, items + x.starts[i], x.starts[i + 1] - x.starts[i], row, tile, i - first
                )
            elif items[i].length < 0:
                status = reject_missing(frame, i, &items[i])
            else:
                status = self.text(frame, &items[i], row, i - first)
            if status != OK:
                return status
        return OK

    cdef inline int text(self, Frame* frame, const Text* text, Row* row, int64_t i) noexcept nogil:
        """Count the n-grams of a text, split first if they are of words."""
        cdef Text* tokens
        if self.tokenizer is None:
            return self.counter.append(frame, text, 1, row, &frame.tile, i)
        if reserve(&frame.tokens, self.tokenizer.most(text.length) * sizeof(Text) + 64) != OK:
            return OUT_OF_MEMORY
        tokens = <Text*>frame.tokens.at
        row.end = text.at + text.length
        return self.counter.append(frame, tokens, self.tokenizer.split(text, tokens), row, &frame.tile, i)

    cdef inline void scores(self, Slot* tile, Slot* outputs, int64_t first, int64_t rows) noexcept nogil:
        """Change the values of some rows in place, and let every head score them."""
        cdef int i
        for i in range(self.changes):
            (<Values>self.parts[i].kernel).change(tile, tile.values, rows)
        for i in range(self.changes, self.count):
            (<Head>self.parts[i].kernel).score(tile, outputs, first, rows)
            outputs += self.parts[i].outputs


def _names(kernels):
    return ", ".join([type(kernel).__name__ for kernel in kernels]) or "none"
