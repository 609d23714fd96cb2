"""Parts of a pass over sparse rows: changes of their values, and scores."""

from pretzel.kernels.checks import FLOATS, alike
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve


cdef class Values(Kernel):
    """A kernel that changes the stored values of sparse rows of floats and preserves their columns and the type."""

    cdef int keep(self, inputs, output) except -1:
        alike(inputs, output, FLOATS, "sparse")
        self.single, self.itemsize = output.dtype == "f32", 4 if output.dtype == "f32" else 8
        return 0

    cdef void change(self, const Slot* x, void* y, int64_t rows) noexcept nogil:
        pass

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef Slot* x = inputs[0]
        if reserve(&output.own_values, x.starts[frame.rows] * self.itemsize + 64) != OK:
            return OUT_OF_MEMORY
        output.values, output.columns, output.starts = output.own_values.at, x.columns, x.starts
        self.change(x, output.values, frame.rows)
        return OK


cdef class Head(Kernel):
    """A kernel from sparse rows to dense numbers, each row independent of the others."""

    cdef void score(self, const Slot* x, Slot* outputs, int64_t first, int64_t rows) noexcept nogil:
        pass

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        self.score(inputs[0], output, 0, frame.rows)
        return OK
