"""The topics of each row of counts."""

from libc.math cimport exp, fabs, log
from libc.stdint cimport int32_t, int64_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, matrix, typed
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, REFUSED, Frame, Slot, interrupted, refuse, reserve
from pretzel.kernels.kernel cimport Kernel

ctypedef fused real:
    float
    double

cdef double EULER = 0.577215664901532860606512090082402431

# What one document is inferred from, and into: all of k numbers but `counts` and `columns`.
cdef struct Document:
    const int32_t* columns     # of the words that occur
    int64_t words
    int64_t k
    int64_t iterations
    double prior
    double tolerance


cdef class Topics(Kernel):
    """Variational inference of a row's topics (``LatentDirichletAllocation``), to the order of its sums.

    Args:
        inputs: counts, f32 or f64, dense or sparse; a negative one is refused.
        output: ``[k]`` of the type of x.
        words: ``[width, k]`` of the type of x: the operator's, transposed.
        prior: what each topic begins with.
        tolerance: the mean change of a row's topics below which it ends.
        iterations: how often at most, 0..10000.

    Raises:
        ValueError: types, shape or iterations do not fit.
    """

    cdef object kept
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
        self.kept = matrix("words", words, output.dtype, (self.width, output.columns))
        self.words = <const void*><size_t>address(self.kept)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        # Counts and columns of the row, ratios of its words; then what is summed over them, and last round's result.
        cdef int64_t most = (longest(inputs[0], frame.rows) if self.sparse else self.width) + 1
        if reserve(&frame.scratch, (2 * most + 3 * self.settings.k) * sizeof(double)):
            return OUT_OF_MEMORY
        if reserve(&frame.scratch2, most * sizeof(int32_t)):
            return OUT_OF_MEMORY
        if self.single:
            return self.infer(<float*>inputs[0].values, inputs[0], <float*>output.values, <const float*>self.words, most, frame)
        return self.infer(<double*>inputs[0].values, inputs[0], <double*>output.values, <const double*>self.words, most, frame)

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
        return f"row {row}, column {column}: the count {value!r} is negative; LatentDirichletAllocation takes counts from 0 on"


cdef inline int64_t longest(const Slot* slot, int64_t rows) noexcept nogil:
    """Return how many values a sparse row stores at most: more than there are columns, where it stores one twice."""
    cdef int64_t row, most = 0
    for row in range(rows):
        most = max(most, slot.starts[row + 1] - slot.starts[row])
    return most


cdef inline int64_t present(const real* x, int64_t width, real* counts, int32_t* columns) noexcept nogil:
    """Gather what is not zero in a dense row."""
    cdef int64_t i, found = 0
    for i in range(width):
        if x[i] != 0:
            counts[found], columns[found] = x[i], <int32_t>i
            found += 1
    return found


cdef inline int64_t stored(
    const real* x, Slot* slot, int64_t row, real* counts, int32_t* columns, int64_t width
) noexcept nogil:
    """Gather what a sparse row stores, within the columns there are."""
    cdef int64_t i, found = 0
    for i in range(slot.starts[row], slot.starts[row + 1]):
        if 0 <= slot.columns[i] < width:
            counts[found], columns[found] = x[i], slot.columns[i]
            found += 1
    return found


cdef inline bint negative(
    const real* counts, const int32_t* columns, int64_t words, int64_t row, Frame* frame
) noexcept nogil:
    cdef int64_t j
    for j in range(words):
        if counts[j] < 0:
            refuse(frame, 1, row, columns[j], counts[j])
            return True
    return False


cdef inline void topics(
    const Document* document, const real* counts, const real* words, real* y, real* scratch
) noexcept nogil:
    """Deal the counts out by the expected shares of the topics until these hardly change; y becomes their parameters."""
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
    cdef real total = 0, whole
    for i in range(k):
        total += y[i]
    whole = digamma(total)
    for i in range(k):
        powers[i] = <real>exp(<real>(digamma(y[i]) - whole))


cdef inline double change(const real* a, const real* b, int64_t k) noexcept nogil:
    cdef int64_t i
    cdef double total = 0
    for i in range(k):
        total += fabs(<real>(a[i] - b[i]))
    return total / k


cdef inline real digamma(real x) noexcept nogil:
    """Bernardo's algorithm AS 103, rounded at each step as the library's is."""
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
