"""Topics of rows of word counts."""

from libc.math cimport exp, fabs, log
from libc.stdint cimport int32_t, int64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, REFUSED, Frame, Slot, interrupted, reject, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport real

cdef double EULER = 0.577215664901532860606512090082402431

# Working memory for one document: arrays of k numbers, except `counts` and `columns`.
cdef struct Document:
    const int32_t* columns     # the words that occur
    int64_t words
    int64_t k
    int64_t iterations
    double prior
    double tolerance


cdef class Topics(Kernel):
    """Variational inference of a row's topics (``LatentDirichletAllocation``), with the library's order of sums.

    Args:
        inputs: counts, f32 or f64, dense or sparse; negative counts are rejected.
        output: ``[k]`` of the type of x.
        words: ``[width, k]`` of the type of x: the operator's, transposed.
        prior: the initial value of each topic.
        tolerance: iteration stops when the mean change of a row's topics is below it.
        iterations: the largest number of iterations, 0..10000.

    Raises:
        ValueError: types, shape or iterations do not fit.
    """

    cdef object array
    cdef const void* words
    cdef Document settings
    cdef int64_t width
    cdef bint single, sparse

    def __init__(self, inputs, output, *, words, prior, tolerance, iterations):
        typed("x", inputs[0], FLOATS, layout=inputs[0].layout)
        if inputs[0].layout not in ("dense", "sparse"):
            raise ValueError(f"x: expected dense or sparse floats, got {inputs[0]}")
        typed("result", output, (inputs[0].dtype,))
        if not 0 <= iterations <= 10_000 or output.columns == 0:
            raise ValueError(f"iterations: expected 0..10000, and a topic at least, got {iterations}")
        self.width, self.single = inputs[0].columns, output.dtype == "f32"
        self.sparse = inputs[0].layout == "sparse"
        self.settings.k, self.settings.iterations = output.columns, iterations
        self.settings.prior, self.settings.tolerance = prior, tolerance
        self.array = matrix("words", words, output.dtype, (self.width, output.columns))
        self.words = <const void*><size_t>address(self.array)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        # Counts and columns of the row, ratios of its words; then the sums over them, and the previous result.
        cdef int64_t most = (longest(inputs[0], frame.rows) if self.sparse else self.width) + 1
        if reserve(&frame.scratch, (2 * most + 3 * self.settings.k) * sizeof(double)):
            return OUT_OF_MEMORY
        if reserve(&frame.scratch2, most * sizeof(int32_t)):
            return OUT_OF_MEMORY
        if self.single:
            return self.infer(
                <float*>inputs[0].values, inputs[0], <float*>output.values, <const float*>self.words, most, frame
            )
        return self.infer(
            <double*>inputs[0].values, inputs[0], <double*>output.values, <const double*>self.words, most, frame
        )

    cdef int infer(
        self, const real* x, Slot* slot, real* y, const real* words, int64_t most, Frame* frame
    ) noexcept nogil:
        cdef Document document = self.settings
        cdef real* counts = <real*>frame.scratch.at
        cdef int32_t* columns = <int32_t*>frame.scratch2.at
        cdef int64_t row
        cdef int status
        for row in range(frame.rows):
            status = interrupted(frame)
            if status != OK:
                return status
            if self.sparse:
                document.words = stored(x, slot, row, counts, columns, self.width)
            else:
                document.words = present(x + row * self.width, self.width, counts, columns)
            document.columns = columns
            if negative(counts, columns, document.words, row, frame):
                return REFUSED
            topics(&document, counts, words, y + row * document.k, counts + most)
        return OK

    def describe(self, code, row, column, value):
        problem = f"row {row}, column {column}: the count {value!r} is negative"
        return f"{problem}; LatentDirichletAllocation needs counts of 0 or more"


cdef inline int64_t longest(const Slot* slot, int64_t rows) noexcept nogil:
    """Return the most values that a sparse row stores: more than the columns, if it stores one twice."""
    cdef int64_t row, most = 0
    for row in range(rows):
        most = max(most, slot.starts[row + 1] - slot.starts[row])
    return most


cdef inline int64_t present(const real* x, int64_t width, real* counts, int32_t* columns) noexcept nogil:
    """Gather the nonzero values of a dense row."""
    cdef int64_t i, used = 0
    for i in range(width):
        if x[i] != 0:
            counts[used], columns[used] = x[i], <int32_t>i
            used += 1
    return used


cdef inline int64_t stored(
    const real* x, Slot* slot, int64_t row, real* counts, int32_t* columns, int64_t width
) noexcept nogil:
    """Gather the stored values of a sparse row that are within the columns."""
    cdef int64_t i, used = 0
    for i in range(slot.starts[row], slot.starts[row + 1]):
        if 0 <= slot.columns[i] < width:
            counts[used], columns[used] = x[i], slot.columns[i]
            used += 1
    return used


cdef inline bint negative(
    const real* counts, const int32_t* columns, int64_t words, int64_t row, Frame* frame
) noexcept nogil:
    cdef int64_t j
    for j in range(words):
        if counts[j] < 0:
            reject(frame, 1, row, columns[j], counts[j])
            return True
    return False


cdef inline void topics(
    const Document* document, const real* counts, const real* words, real* y, real* scratch
) noexcept nogil:
    """Iterate the topic shares of the counts until they hardly change; y becomes their parameters."""
    cdef int64_t k = document.k, i, step
    cdef real* ratios = scratch
    cdef real* powers = scratch + document.words
    cdef real* last = powers + k
    for i in range(k):
        y[i] = 1
    expected(y, powers, k)
    for step in range(document.iterations):
        for i in range(k):
            last[i] = y[i]
        deal(document, counts, words, powers, ratios, y)
        for i in range(k):
            y[i] = <real>(powers[i] * y[i]) + <real>document.prior
        expected(y, powers, k)
        if change(last, y, k) < document.tolerance:
            return


cdef inline void deal(
    const Document* document, const real* counts, const real* words, const real* powers, real* ratios, real* y
) noexcept nogil:
    """``y = words @ (counts / (powers @ words + epsilon))``."""
    cdef int64_t k = document.k, i, j
    cdef const real* word
    cdef real likely, epsilon = <real>(1.1920929e-07 if real is float else 2.220446049250313e-16)
    for i in range(k):
        y[i] = 0
    for j in range(document.words):
        word = words + document.columns[j] * k
        likely = 0
        for i in range(k):
            likely += powers[i] * word[i]
        ratios[j] = counts[j] / (likely + epsilon)
        for i in range(k):
            y[i] += ratios[j] * word[i]


cdef inline void expected(const real* y, real* powers, int64_t k) noexcept nogil:
    """The exponential of the expected logarithm of each share."""
    cdef int64_t i
    cdef real total = 0, log_total
    for i in range(k):
        total += y[i]
    log_total = digamma(total)
    for i in range(k):
        powers[i] = <real>exp(<real>(digamma(y[i]) - log_total))


cdef inline double change(const real* a, const real* b, int64_t k) noexcept nogil:
    cdef int64_t i
    cdef double total = 0
    for i in range(k):
        total += fabs(<real>(a[i] - b[i]))
    return total / k


cdef inline real digamma(real x) noexcept nogil:
    """Bernardo's algorithm AS 103, rounded at each step as the library does."""
    cdef real result = 0, r
    if x <= 1e-6:
        return <real>(-EULER - 1.0 / x)
    while x < 6:
        result = <real>(result - 1.0 / x)
        x += 1
    r = <real>(1.0 / x)
    result = <real>(result + (log(x) - 0.5 * r))
    r = r * r
    return <real>(result - r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252))))
