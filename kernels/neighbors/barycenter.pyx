"""The weights with which the neighbours of a row approximate it best."""

from libc.math cimport NAN, sqrt
from libc.stdint cimport int64_t

from pretzel.kernels.checks import address, both, matrix, typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel


cdef class Barycenter(Kernel):
    """The solution w of ``(C C' + r) w = 1``, normalized to sum to one; C is the neighbours minus the row.

    Args:
        inputs: a dense x of float64, and positions ``i64[k]``.
        output: ``f64[k]``.
        rows: ``f64[n, width]``, indexed by the positions; a position out of range gives NaN.
        regularization: r as a share of the trace of ``C C'``.

    Raises:
        ValueError: types or shapes do not fit.
    """

    cdef object array
    cdef const double* learned
    cdef int64_t width, count, entries
    cdef double regularization

    def __init__(self, inputs, output, *, rows, regularization):
        x, positions = both(inputs)
        typed("x", x, ("f64",))
        typed("positions", positions, ("i64",), output.columns)
        typed("result", output, ("f64",))
        self.width, self.count, self.entries = x.columns, output.columns, len(rows)
        self.regularization = regularization
        self.array = matrix("rows", rows, "f64", (self.entries, self.width))
        self.learned = <const double*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <const double*>inputs[0].values
        cdef const int64_t* positions = <const int64_t*>inputs[1].values
        cdef double* weights = <double*>output.values
        cdef double* gram
        cdef int64_t row
        if reserve(&frame.scratch, self.count * self.count * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        gram = <double*>frame.scratch.at
        for row in range(frame.rows):
            self.measure(x, positions, gram)
            regularize(gram, self.count, self.regularization)
            solve(gram, weights, self.count)
            share(weights, self.count)
            x, positions, weights = x + self.width, positions + self.count, weights + self.count
        return OK

    cdef void measure(self, const double* x, const int64_t* positions, double* gram) noexcept nogil:
        """Fill the lower half of ``C C'``."""
        cdef int64_t i, j
        for i in range(self.count):
            for j in range(i + 1):
                gram[i * self.count + j] = self.product(x, positions[i], positions[j])

    cdef double product(self, const double* x, int64_t i, int64_t j) noexcept nogil:
        cdef const double* a
        cdef const double* b
        cdef double total = 0
        cdef int64_t column
        if not 0 <= i < self.entries or not 0 <= j < self.entries:
            return NAN
        a, b = self.learned + i * self.width, self.learned + j * self.width
        for column in range(self.width):
            total += (a[column] - x[column]) * (b[column] - x[column])
        return total


cdef inline void regularize(double* gram, int64_t k, double part) noexcept nogil:
    cdef double trace = 0
    cdef int64_t i
    for i in range(k):
        trace += gram[i * k + i]
    for i in range(k):
        gram[i * k + i] += part * trace if not trace <= 0 else part


cdef inline void solve(double* gram, double* w, int64_t k) noexcept nogil:
    """Solve ``gram w = 1`` by Cholesky's decomposition, in place, column by column."""
    cdef int64_t i, j, l
    for j in range(k):
        for l in range(j):
            for i in range(j, k):
                gram[i * k + j] -= gram[i * k + l] * gram[j * k + l]
        gram[j * k + j] = sqrt(gram[j * k + j])
        for i in range(j + 1, k):
            gram[i * k + j] /= gram[j * k + j]
    for i in range(k):
        w[i] = 1
        for j in range(i):
            w[i] -= gram[i * k + j] * w[j]
        w[i] /= gram[i * k + i]
    for i in range(k - 1, -1, -1):
        for j in range(i + 1, k):
            w[i] -= gram[j * k + i] * w[j]
        w[i] /= gram[i * k + i]


cdef inline void share(double* w, int64_t k) noexcept nogil:
    cdef double total = 0
    cdef int64_t i
    for i in range(k):
        total += w[i]
    for i in range(k):
        w[i] /= total
