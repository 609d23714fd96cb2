"""Kernel density of each row, estimated from the rows of a tree."""

from libc.math cimport INFINITY, cos, exp, fabs, fmax, log, pow, sqrt
from libc.stdint cimport int64_t

import numpy as np

from pretzel.kernels.checks import address, matrix, positions, typed, vector
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, interrupted, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.neighbors.reduced_distance cimport (
    BRAYCURTIS, CANBERRA, CHEBYSHEV, MANHATTAN, POWERS, SQUARES, reduced_distance,
)
from pretzel.kernels.neighbors.tree import METRICS

cdef enum Shape:
    GAUSSIAN = 0
    TOPHAT = 1
    EPANECHNIKOV = 2
    EXPONENTIAL = 3
    LINEAR = 4
    COSINE = 5

SHAPES = ["gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"]
cdef double PI = 3.141592653589793


cdef struct Sum:
    double least  # the logarithm of a lower bound
    double spread  # the logarithm of the upper bound minus the lower


cdef struct Waiting:
    double far
    int64_t node


cdef class TreeDensity(Kernel):
    """The logarithm of the sum of a kernel over all rows of a tree, bit for bit as scikit-learn bounds it.

    Args:
        inputs: one dense x of float64.
        output: ``f64``.
        rows: ``f64[n, width]`` in the order of the leaves.
        log_weights: ``f64[n]``.
        spans: ``i64[nodes, 2]``, the range of ``rows`` that each node holds.
        masses: ``f64[nodes]``, the sum of their weights.
        low: ``f64[nodes, width]``, lower corners of boxes, or centers of balls.
        high: ``f64[nodes, width]``, upper corners, or ``f64[nodes]``, radii.
        total: the weight of all rows.
        kernel: one of SHAPES.
        bandwidth: its width.
        norm: the constant added to the logarithm.
        metric: one of METRICS of ``NearestInTree``.
        p: the exponent of ``powers``.
        breadth_first: expand the nearest node next.

    Raises:
        ValueError: types, shapes, positions, metric or kernel do not fit.
    """

    cdef object arrays
    cdef const double* rows
    cdef const double* log_weights
    cdef const double* log_masses
    cdef const double* low
    cdef const double* high
    cdef const int64_t* spans
    cdef int64_t width, nodes
    cdef int metric, shape
    cdef double p, bandwidth, norm, log_total
    cdef bint boxes, breadth_first

    def __init__(
        self, inputs, output, *, rows, log_weights, spans, masses, low, high, total, kernel, bandwidth, norm, metric, p,
        breadth_first,
    ):
        typed("x", inputs[0], ("f64",))
        typed("result", output, ("f64",), 1)
        n = len(rows)
        self.width, self.nodes = inputs[0].columns, len(spans)
        self.metric, self.p, self.boxes = METRICS.index(metric), p, high.ndim == 2
        self.shape, self.bandwidth, self.norm = SHAPES.index(kernel), bandwidth, norm
        self.log_total, self.breadth_first = log(total), breadth_first
        if self.nodes < 1 or spans.shape != (self.nodes, 2):
            raise ValueError(f"spans: expected a tree, got {spans.shape}")
        shape = (self.nodes, self.width)
        self.arrays = (
            matrix("rows", rows, "f64", (n, self.width)), vector("log_weights", log_weights, "f64", n),
            positions("spans", spans.ravel(), n + 1), logarithms(vector("masses", masses, "f64", self.nodes)),
            matrix("low", low, "f64", shape),
            matrix("high", high, "f64", shape) if self.boxes else vector("high", high, "f64", self.nodes),
        )
        self.rows = <const double*><size_t>address(self.arrays[0])
        self.log_weights = <const double*><size_t>address(self.arrays[1])
        self.spans = <const int64_t*><size_t>address(self.arrays[2])
        self.log_masses = <const double*><size_t>address(self.arrays[3])
        self.low = <const double*><size_t>address(self.arrays[4])
        self.high = <const double*><size_t>address(self.arrays[5])

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef const double* x = <const double*>inputs[0].values
        cdef double* y = <double*>output.values
        cdef int64_t row
        cdef int status
        cdef Sum* of_nodes
        if reserve(&frame.scratch, self.nodes * (sizeof(Sum) + sizeof(Waiting))) != OK:
            return OUT_OF_MEMORY
        of_nodes = <Sum*>frame.scratch.at
        for row in range(frame.rows):
            status = interrupted(frame)
            if status != OK:
                return status
            if self.breadth_first:
                y[row] = self.nearest_first(x, of_nodes, <Waiting*>(of_nodes + self.nodes))
            else:
                y[row] = self.in_depth(x)
            x += self.width
        return OK

    cdef double nearest_first(self, const double* x, Sum* of_nodes, Waiting* heap) noexcept nogil:
        """Replace the nearest node next.  The spread of a child is its upper bound, as in the library."""
        cdef Sum total = self.bounds(0, x, self.log_total, &heap[0].far), child
        cdef int64_t waiting = 1, node, i
        cdef double far = 0
        heap[0].node, of_nodes[0] = 0, total
        while waiting > 0:
            node = pop(heap, &waiting).node
            if self.is_settled(node, of_nodes[node]):
                continue
            if self.norm + total.spread <= -INFINITY:
                break
            total.least = subtracted(total.least, of_nodes[node].least)
            total.spread = subtracted(total.spread, of_nodes[node].spread)
            if self.is_leaf(node):
                total.least = self.with_rows(node, x, total.least)
                continue
            for i in range(2 * node + 1, 2 * node + 3):
                child = self.bounds(i, x, self.log_masses[i], &far)
                child.spread = self.log_masses[i] + self.log_kernel(far)
                of_nodes[i] = child
                total.least = added(total.least, child.least)
                total.spread = added(total.spread, child.spread)
                push(heap, &waiting, far, i)
        return added(total.least, total.spread - log(2)) + self.norm

    cdef double in_depth(self, const double* x) noexcept nogil:
        cdef double far = 0
        cdef Sum total = self.bounds(0, x, self.log_total, &far)
        self.visit(0, x, total, &total)
        return added(total.least, total.spread - log(2)) + self.norm

    cdef void visit(self, int64_t node, const double* x, Sum own, Sum* total) noexcept nogil:
        """Replace a node, then its children; as deep as the tree, whose node numbers double with each level."""
        cdef double far = 0
        cdef Sum left, right
        if self.is_settled(node, own) or self.norm + total.spread <= -INFINITY:
            return
        total.least = subtracted(total.least, own.least)
        total.spread = subtracted(total.spread, own.spread)
        if self.is_leaf(node):
            total.least = self.with_rows(node, x, total.least)
            return
        left = self.bounds(2 * node + 1, x, self.log_masses[2 * node + 1], &far)
        right = self.bounds(2 * node + 2, x, self.log_masses[2 * node + 2], &far)
        total.least = added(added(total.least, left.least), right.least)
        total.spread = added(added(total.spread, left.spread), right.spread)
        self.visit(2 * node + 1, x, left, total)
        self.visit(2 * node + 2, x, right, total)

    cdef bint is_settled(self, int64_t node, Sum own) noexcept nogil:
        return self.norm + own.spread - self.log_masses[node] + self.log_total <= -INFINITY

    cdef bint is_leaf(self, int64_t node) noexcept nogil:
        return 2 * node + 2 >= self.nodes or self.spans[2 * node + 1] - self.spans[2 * node] < 2

    cdef double with_rows(self, int64_t node, const double* x, double total) noexcept nogil:
        cdef int64_t i
        for i in range(self.spans[2 * node], self.spans[2 * node + 1]):
            total = added(total, self.log_kernel(self.distance(x, self.rows + i * self.width)) + self.log_weights[i])
        return total

    cdef Sum bounds(self, int64_t node, const double* x, double log_mass, double* near) noexcept nogil:
        """Return bounds of a node's contribution, and its smallest possible distance."""
        cdef Sum bounds
        cdef double far = 0
        if self.boxes:
            self.of_box(x, self.low + node * self.width, self.high + node * self.width, near, &far)
        else:
            far = self.distance(x, self.low + node * self.width)
            near[0], far = fmax(0, far - self.high[node]), far + self.high[node]
        bounds.least = log_mass + self.log_kernel(far)
        bounds.spread = subtracted(log_mass + self.log_kernel(near[0]), bounds.least)
        return bounds

    cdef void of_box(
        self, const double* x, const double* low, const double* high, double* near, double* far
    ) noexcept nogil:
        cdef double below, above, gap, p = 1 if self.metric == MANHATTAN else self.p if self.metric == POWERS else 2
        cdef int64_t i
        near[0], far[0] = 0, 0
        for i in range(self.width):
            below, above = low[i] - x[i], x[i] - high[i]
            gap = 0.5 * ((below + fabs(below)) + (above + fabs(above)))
            if self.metric == CHEBYSHEV:
                near[0], far[0] = fmax(near[0], gap), fmax(fmax(far[0], fabs(below)), fabs(above))
            else:
                near[0], far[0] = near[0] + pow(gap, p), far[0] + pow(fmax(fabs(below), fabs(above)), p)
        if self.metric != CHEBYSHEV:
            near[0], far[0] = pow(near[0], 1 / p), pow(far[0], 1 / p)

    cdef double distance(self, const double* x, const double* row) noexcept nogil:
        cdef double away = reduced_distance(self.metric, self.p, x, row, self.width)
        if self.metric == SQUARES:
            return sqrt(away)
        if away != away and (self.metric == CANBERRA or self.metric == BRAYCURTIS):
            return 0  # the center of a ball without weight is NaN, and these metrics never divide by NaN
        return pow(away, 1 / self.p) if self.metric == POWERS else away

    cdef double log_kernel(self, double far) noexcept nogil:
        cdef double h = self.bandwidth
        if self.shape == GAUSSIAN:
            return -0.5 * (far * far) / (h * h)
        if self.shape == EXPONENTIAL:
            return -far / h
        if not far < h:
            return -INFINITY
        if self.shape == TOPHAT:
            return 0
        if self.shape == EPANECHNIKOV:
            return log(1.0 - (far * far) / (h * h))
        return log(1 - far / h) if self.shape == LINEAR else log(cos(0.5 * PI * far / h))


cdef object logarithms(const double[::1] values):
    logs = np.empty(len(values))
    cdef double[::1] y = logs
    cdef int64_t i
    for i in range(len(values)):
        y[i] = log(values[i])
    return logs


cdef inline double added(double a, double b) noexcept nogil:
    """``log(exp(a) + exp(b))``."""
    cdef double most = fmax(a, b)
    return -INFINITY if most == -INFINITY else most + log(exp(a - most) + exp(b - most))


cdef inline double subtracted(double a, double b) noexcept nogil:
    """``log(exp(a) - exp(b))``."""
    return -INFINITY if a <= b else a + log(1 - exp(b - a))


cdef inline void push(Waiting* heap, int64_t* waiting, double far, int64_t node) noexcept nogil:
    """Push a node; this heap has the shape of ``NodeHeap``, which decides which of equally near nodes is on top."""
    cdef int64_t i = waiting[0], parent
    heap[i].far, heap[i].node = far, node
    waiting[0] += 1
    while i > 0:
        parent = (i - 1) // 2
        if heap[parent].far <= heap[i].far:
            break
        heap[i], heap[parent] = heap[parent], heap[i]
        i = parent


cdef inline Waiting pop(Waiting* heap, int64_t* waiting) noexcept nogil:
    cdef Waiting top = heap[0]
    cdef int64_t i = 0, child
    waiting[0] -= 1
    heap[0] = heap[waiting[0]]
    while 2 * i + 1 < waiting[0]:
        child = 2 * i + 1
        if child + 1 < waiting[0] and not heap[child].far <= heap[child + 1].far:
            child += 1
        if not heap[child].far <= heap[i].far:
            break
        heap[i], heap[child] = heap[child], heap[i]
        i = child
    return top
