"""Tokens without stop words."""

from libc.stdint cimport int64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve_ragged
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.text.terms cimport Dictionary, holds


cdef class FilterTokens(Kernel):
    """The tokens that are not in the dictionary of stop words, in order.

    ``str[*]`` in and out.  ``table``, ``heap``: the dictionary, as :func:`pretzel.kernels.text.terms.build` lays it
    out.
    """

    cdef Dictionary stop_words

    def __init__(self, inputs, output, *, table, heap):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("str",), layout="ragged")
        self.stop_words = Dictionary(table, heap)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef Text* out
        cdef int64_t row, k
        if reserve_ragged(frame, output, starts[frame.rows] - starts[0]) != OK:
            return OUT_OF_MEMORY
        out = <Text*>output.values
        output.starts[0] = 0
        for row in range(frame.rows):
            for k in range(starts[row], starts[row + 1]):
                out[0] = tokens[k]
                out += not holds(self.stop_words, &tokens[k])
            output.starts[row + 1] = out - <Text*>output.values
        return OK
