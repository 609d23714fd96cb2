"""One number of the tokens of each row: a sum of numbers of theirs, and the length of the longest or shortest."""

from libc.math cimport fabs, isfinite
from libc.stdint cimport int64_t, uint8_t, uint64_t

from pretzel.kernels.checks import typed
from pretzel.kernels.frame cimport OK, Frame, Slot, Text
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.text.measures cimport characters
from pretzel.kernels.text.terms cimport TERMS_SHORT, Dictionary, terms_word


cdef class SumTokens(Kernel):
    """The sum of a number of each token, added in their order, as Python adds floats; 0.0 of no token.

    Args:
        inputs: ``str[*]``.
        output: one f64 per row.
        table, heap: the tokens with a number of their own, as :func:`pretzel.kernels.text.terms.build` lays them out.
        numbers: ``[n]`` f64, these numbers.
        default: the number of every other token.
        compensated: whether the errors of the additions are added at the end, as by ``sum`` since Python 3.12
            (Neumaier's method).

    Raises:
        ValueError: a type does not fit.
    """

    cdef Dictionary keys
    cdef const double[::1] numbers
    cdef double default
    cdef bint compensated

    def __init__(self, inputs, output, *, table, heap, numbers, default, compensated):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("f64",), 1)
        self.keys, self.numbers = Dictionary(table, heap), numbers
        self.default, self.compensated = default, compensated

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef double* sums = <double*>output.values
        cdef int64_t row
        for row in range(frame.rows):
            if self.compensated:
                sums[row] = self.compensated_sum(tokens + starts[row], starts[row + 1] - starts[row])
            else:
                sums[row] = self.plain_sum(tokens + starts[row], starts[row + 1] - starts[row])
        return OK

    cdef double plain_sum(self, const Text* tokens, int64_t count) noexcept nogil:
        cdef double total = 0.0
        cdef int64_t k
        for k in range(count):
            total += self.number(&tokens[k])
        return total

    cdef double compensated_sum(self, const Text* tokens, int64_t count) noexcept nogil:
        cdef double total = 0.0, error = 0.0, value, after
        cdef int64_t k
        for k in range(count):
            value = self.number(&tokens[k])
            after = total + value
            if fabs(total) >= fabs(value):
                error += (total - after) + value
            else:
                error += (value - after) + total
            total = after
        return total + error if error != 0.0 and isfinite(error) else total

    cdef inline double number(self, const Text* token) noexcept nogil:
        """Return the number of a token."""
        cdef uint64_t padded
        cdef const uint8_t* p = <const uint8_t*>token.at
        cdef int64_t at
        if token.length <= TERMS_SHORT:
            padded = terms_word(p, token.length)  # a look-up reads eight bytes, and the text may end earlier
            p = <const uint8_t*>&padded
        at = self.keys.find(p, token.length)
        return self.numbers[at] if 0 <= at < self.numbers.shape[0] else self.default


cdef class LongestToken(Kernel):
    """The characters of the longest token, or of the shortest: ``str[*]`` in, ``i64`` out; 0 of no token."""

    cdef bint shortest

    def __init__(self, inputs, output, *, shortest):
        typed("x", inputs[0], ("str",), layout="ragged")
        typed("result", output, ("i64",), 1)
        self.shortest = shortest

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const Text* tokens = <const Text*>inputs[0].values
        cdef const int64_t* starts = inputs[0].starts
        cdef int64_t* lengths = <int64_t*>output.values
        cdef int64_t row, k, length
        for row in range(frame.rows):
            lengths[row] = 0
            for k in range(starts[row], starts[row + 1]):
                length = characters(tokens[k].at, tokens[k].length)
                if k == starts[row] or (length < lengths[row] if self.shortest else length > lengths[row]):
                    lengths[row] = length
        return OK
