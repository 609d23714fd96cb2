# Parts of kernels over texts, which a fused kernel runs over tokens and counts that no slot holds.
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Frame, Slot, Text
from pretzel.kernels.text.rows cimport Row
from pretzel.kernels.text.texts cimport TextKernel


cdef class Tokenizer(TextKernel):
    # The largest number of texts that `split` may write for a text of so many bytes.
    cdef int64_t most(self, int64_t length) noexcept nogil
    # Writes the tokens of a text, which is not missing; returns their number.
    cdef int64_t split(self, const Text* text, Text* out) noexcept nogil


cdef class Counter(TextKernel):
    cdef bint words        # reads the tokens of a row, else its text
    cdef bint binary, single, floating
    cdef int64_t itemsize
    cdef int keep(self, inputs, output, unit, binary) except -1
    # Prepares to count rows in turn.  Returns OK, or OUT_OF_MEMORY, as the next two do.
    cdef int begin(self, Frame* frame) noexcept nogil
    # Looks up the n-grams of a row, with repeats and in any order.
    cdef int find(self, Frame* frame, const Text* items, int64_t count, Row* row) noexcept nogil
    # Makes room in the frame for counting the ids.
    cdef int make_room(self, Frame* frame, const Row* row) noexcept nogil
    # Writes the distinct columns, ascending, from place `at` of y on, and their counts; returns their number.
    cdef int64_t count(self, Frame* frame, Row* row, Slot* y, int64_t at) noexcept nogil
    # Adds row i to sparse rows, from its tokens or its one text, which is not missing; returns OK or OUT_OF_MEMORY.
    cdef int append(self, Frame* frame, const Text* items, int64_t length, Row* row, Slot* y, int64_t i) noexcept nogil
