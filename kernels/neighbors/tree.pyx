"""Nearest rows, found in a tree."""

from libc.math cimport fmax, pow, sqrt
from libc.stdint cimport int64_t

from pretzel.kernels.checks import address, matrix, positions, typed, vector
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.neighbors.reduced_distance cimport CHEBYSHEV, POWERS, SQUARES, reduced_distance
from pretzel.kernels.neighbors.heap cimport empty, push, sort

METRICS = ["squares", "manhattan", "chebyshev", "powers", "canberra", "braycurtis", "hamming"]


cdef class NearestInTree(Kernel):
    """The nearest rows in the order of their distance, ties as in scikit-learn's trees.

    Args:
        inputs: one dense x of float64.
        output: ``i64[count]``; 0 if distances overflow, as in scikit-learn's heap.
        rows: ``f64[n, width]`` in the order of the leaves.
        order: ``i64[n]``, the position of each of ``rows``.
        spans: ``i64[nodes, 2]``, the range of ``rows`` that each node holds.
        low: ``f64[nodes, width]``, lower corners of boxes, or centers of balls.
        high: ``f64[nodes, width]``, upper corners, or ``f64[nodes]``, radii.
        count: the number of rows to return.
        metric: one of METRICS.
        p: the exponent of ``powers``.

    Raises:
        ValueError: types, shapes, positions or metric do not fit.
    """

    cdef object arrays
    cdef const double* rows
    cdef const double* low
    cdef const double* high
    cdef const int64_t* order
    cdef const int64_t* spans
    cdef int64_t width, count, nodes
    cdef int metric
    cdef double p
    cdef bint boxes

    def __init__(self, inputs, output, *, rows, order, spans, low, high, count, metric, p):
        typed("x", inputs[0], ("f64",))
        typed("result", output, ("i64",), count)
        n = len(rows)
        self.width, self.count, self.nodes = inputs[0].columns, count, len(spans)
        self.metric, self.p, self.boxes = METRICS.index(metric), p, high.ndim == 2
        if not 1 <= count <= n or len(order) != n or self.nodes < 1 or spans.shape != (self.nodes, 2):
            raise ValueError(f"count: expected 1..{n} and a tree of {n} rows, got {count}, {len(order)}, {spans.shape}")
        shape = (self.nodes, self.width)
        self.arrays = (
            matrix("rows", rows, "f64", (n, self.width)), positions("order", order, n),
            positions("spans", spans.ravel(), n + 1), matrix("low", low, "f64", shape),
            matrix("high", high, "f64", shape) if self.boxes else vector("high", high, "f64", self.nodes),
        )
        self.rows = <const double*><size_t>address(self.arrays[0])
        self.order = <const int64_t*><size_t>address(self.arrays[1])
        self.spans = <const int64_t*><size_t>address(self.arrays[2])
        self.low = <const double*><size_t>address(self.arrays[3])
        self.high = <const double*><size_t>address(self.arrays[4])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <const double*>inputs[0].values
        cdef int64_t* nearest = <int64_t*>output.values
        cdef int64_t row
        if reserve(&frame.scratch, self.count * sizeof(double)) != OK:
            return OUT_OF_MEMORY
        for row in range(frame.rows):
            empty(<double*>frame.scratch.at, nearest, self.count, 0)
            self.visit(0, self.bound(0, x), x, <double*>frame.scratch.at, nearest)
            sort(<double*>frame.scratch.at, nearest, self.count)
            x, nearest = x + self.width, nearest + self.count
        return OK

    cdef void visit(self, int64_t node, double bound, const double* x, double* values, int64_t* nearest) noexcept nogil:
        """Search a node, the nearer child first; as deep as the tree, whose node numbers double with each level."""
        cdef int64_t near = 2 * node + 1, far = near + 1
        cdef double near_bound, far_bound
        if bound > values[0]:
            return
        if near >= self.nodes:
            self.take(node, x, values, nearest)
            return
        near_bound = self.bound(near, x)
        if far >= self.nodes:
            self.visit(near, near_bound, x, values, nearest)
            return
        far_bound = self.bound(far, x)
        if not near_bound <= far_bound:
            near, far, near_bound, far_bound = far, near, far_bound, near_bound
        self.visit(near, near_bound, x, values, nearest)
        self.visit(far, far_bound, x, values, nearest)

    cdef void take(self, int64_t node, const double* x, double* values, int64_t* nearest) noexcept nogil:
        cdef int64_t i = self.spans[2 * node], end = self.spans[2 * node + 1]
        cdef double away[4]
        cdef int l
        while self.metric == SQUARES and i + 4 <= end:
            four_squares(x, self.rows + i * self.width, self.width, away)
            for l in range(4):
                push(values, nearest, self.count, away[l], self.order[i + l])
            i += 4
        while i < end:
            push(
                values, nearest, self.count,
                reduced_distance(self.metric, self.p, x, self.rows + i * self.width, self.width), self.order[i],
            )
            i += 1

    cdef double bound(self, int64_t node, const double* x) noexcept nogil:
        """Return the smallest possible reduced distance to a node."""
        cdef double away
        if self.boxes:
            return self.from_box(x, self.low + node * self.width, self.high + node * self.width)
        away = reduced_distance(self.metric, self.p, x, self.low + node * self.width, self.width)
        if self.metric == SQUARES:
            away = fmax(0, sqrt(away) - self.high[node])
            return away * away
        if self.metric == POWERS:
            return pow(fmax(0, pow(away, 1 / self.p) - self.high[node]), self.p)
        return fmax(0, away - self.high[node])

    cdef double from_box(self, const double* x, const double* low, const double* high) noexcept nogil:
        cdef double total = 0, gap
        cdef int64_t i
        for i in range(self.width):
            gap = fmax(low[i] - x[i], 0) + fmax(x[i] - high[i], 0)
            if self.metric == SQUARES:
                total += gap * gap
            elif self.metric == POWERS:
                total += pow(gap, self.p)
            elif self.metric == CHEBYSHEV:
                total = fmax(total, gap)
            else:
                total += gap
        return total


cdef inline void four_squares(const double* x, const double* rows, int64_t width, double* away) noexcept nogil:
    """Compute four sums at once: each waits for itself, but not for the others."""
    cdef int64_t i
    cdef double a = 0, b = 0, c = 0, d = 0
    for i in range(width):
        a += (x[i] - rows[i]) * (x[i] - rows[i])
        b += (x[i] - rows[width + i]) * (x[i] - rows[width + i])
        c += (x[i] - rows[2 * width + i]) * (x[i] - rows[2 * width + i])
        d += (x[i] - rows[3 * width + i]) * (x[i] - rows[3 * width + i])
    away[0], away[1], away[2], away[3] = a, b, c, d
