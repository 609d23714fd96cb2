"""Numbers that texts spell."""

from libc.math cimport NAN
from libc.stdint cimport int64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, Text, reserve
from pretzel.kernels.kernel cimport Kernel

cdef extern from "numbers.h" nogil:
    int number_read(const char* text, int64_t length, int whole, char* out)
    double number_value(const char* number)


cdef class ParseNumber(Kernel):
    """The number that each text spells: ``str`` in, ``f64`` out; NaN for other texts and missing ones."""

    def __init__(self, inputs, output):
        typed("x", inputs[0], ("str",), 1)
        typed("result", output, ("f64",), 1)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* texts = <const Text*>inputs[0].values
        cdef double* out = <double*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            out[row] = NAN
            if texts[row].length > 0:
                if reserve(&frame.scratch, texts[row].length + 1) != OK:
                    return OUT_OF_MEMORY
                if number_read(texts[row].at, texts[row].length, False, <char*>frame.scratch.at):
                    out[row] = number_value(<char*>frame.scratch.at)
        return OK
