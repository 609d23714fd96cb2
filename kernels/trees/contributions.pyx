"""Shapley values of the columns that trees read, and of pairs of them; see contributions.h."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

import numpy as np

from pretzel.kernels.checks import FLOATS, address, typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, interrupted, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.trees.forest cimport (
    check_categories,
    checked_group,
    checked_nodes,
    checked_roots,
    forest_extras,
    forest_node,
)
from pretzel.kernels.types cimport real

cdef const Contributions* table = contributions_for(level)

cdef enum:
    FEW = 4                # fewer rows are processed one by one
    PAIRS_BYTES = 8 << 20  # of pairs of 16 rows: if larger, rows are processed one by one


cdef class TreeContributions(Kernel):
    """The Shapley value of each feature for each output of a forest, and the expected value last.

    Args:
        inputs: one dense matrix, f32 or f64.
        output: of the type of ``leaves``: for each output ``width + 1`` columns, or its square with ``interactions``.
        aggregate: ``sum`` or ``mean``.
        interactions: compute pairs of features.
        width: the number of features.
        nodes, missing_right, roots, leaves, group, categories, category_range: as ``TreeEnsemble`` takes them.
        cover: ``[n]``, f32 or f64: the weight of the training rows that reached each node.
        features: ``i32``, for each column of the input the feature it belongs to.
        bias: ``[k]``, of the type of ``leaves``: the expected value of each output.
        points: ``f64[m, 2]``: nodes and weights of the rules with 1, 2, 3, ... points, concatenated.
        counts: ``i32[trees]``: the number of points of each tree's rule.

    Raises:
        ValueError: an index is out of bounds, a node has two parents, or a tree is too deep.
    """

    cdef object keep
    cdef contributions_tree tree
    cdef forest_extras extras
    cdef const uint32_t* roots
    cdef const int32_t* group
    cdef const int32_t* counts
    cdef const double* rules
    cdef int64_t trees, columns, outputs, depth, most
    cdef const void* bias
    cdef bint mean, interactions

    def __init__(self, inputs, output, *, aggregate, interactions, width, nodes, missing_right, roots, leaves, cover,
                 features, bias, points, counts, group=None, categories=None, category_range=None):
        self.keep = (nodes, missing_right, roots, leaves, cover, features, bias, points, counts, group, categories,
                     category_range)
        typed("x", inputs[0], FLOATS)
        self.columns, self.outputs = inputs[0].columns, len(bias)
        self.mean, self.interactions = aggregate == "mean", interactions
        self.tree.wide_x, self.tree.width, self.tree.extras = inputs[0].dtype == "f64", width, &self.extras
        self._set_leaves(output, leaves, bias, group is not None)
        self._set_nodes(nodes, missing_right, cover, len(leaves))
        self._set_features(features)
        if categories is not None:
            check_categories(categories, category_range, self.tree.nodes, len(nodes), &self.extras)
        self._set_roots(roots, len(nodes))
        self.group = checked_group(group, self.trees, self.outputs)
        self._set_rules(points, counts)

    cdef _set_leaves(self, output, leaves, bias, bint grouped):
        side = self.tree.width + 1
        columns = self.outputs * (side * side if self.interactions else side)
        if leaves.dtype != bias.dtype or leaves.dtype != output.numpy or output.dtype not in FLOATS:
            raise ValueError(f"leaves, bias: {leaves.dtype}, {bias.dtype} do not fit {output}")
        if self.tree.width < 1 or self.tree.width > 1 << 30 or output.columns != columns or bias.ndim != 1:
            raise ValueError(f"bias, width: {bias.shape}, {self.tree.width} do not fit {output}")
        if leaves.shape[1:] != (() if grouped or self.outputs == 1 and leaves.ndim == 1 else (self.outputs,)):
            raise ValueError(f"leaves: shape {leaves.shape} does not fit {self.outputs} outputs")
        self.tree.wide_leaves, self.bias = leaves.dtype.itemsize == 8, <const void*><size_t>address(bias)
        self.tree.leaves = <const void*><size_t>address(leaves)
        self.tree.leaf_stride = 1 if leaves.ndim == 1 else self.outputs

    cdef _set_nodes(self, nodes, missing_right, cover, int64_t leaves):
        if cover.shape != (len(nodes),) or cover.dtype not in (np.float32, np.float64):
            raise ValueError(f"cover: expected {len(nodes)} floats, got {cover.dtype}{list(cover.shape)}")
        self.tree.cover, self.tree.wide_cover = <const void*><size_t>address(cover), cover.dtype.itemsize == 8
        self.tree.nodes = checked_nodes(
            nodes, missing_right, self.columns, 8 if self.tree.wide_x else 4, leaves, &self.extras
        )

    cdef _set_features(self, const int32_t[::1] features):
        if features.shape[0] != self.columns:
            raise ValueError(f"features: expected {self.columns}, got {features.shape[0]}")
        if self.columns and not 0 <= np.min(features) <= np.max(features) < self.tree.width:
            raise ValueError(f"features: expected 0..{self.tree.width - 1}")
        self.tree.features = &features[0] if self.columns else NULL

    cdef _set_roots(self, const uint32_t[::1] roots, int64_t nodes):
        cdef int32_t[::1] levels = np.zeros(nodes, np.int32)
        self.trees, self.roots = roots.shape[0], checked_roots(roots, nodes)
        self.depth = depth_of(self.tree.nodes, nodes, self.roots, self.trees, &levels[0] if nodes else NULL)
        if not 0 <= self.depth <= CONTRIBUTIONS_DEPTH:
            raise ValueError(f"nodes, roots: a node has two parents, or is deeper than {CONTRIBUTIONS_DEPTH}")

    cdef _set_rules(self, const double[:, ::1] points, const int32_t[::1] counts):
        if counts.shape[0] != self.trees or points.shape[1] != 2:
            raise ValueError(f"counts, points: expected {self.trees}, and two columns")
        self.most = np.max(counts) if self.trees else 1
        if self.trees and np.min(counts) < 1 or self.most > CONTRIBUTIONS_POINTS:
            raise ValueError(f"counts: expected 1..{CONTRIBUTIONS_POINTS}")
        if points.shape[0] < self.most * (self.most + 1) // 2:
            raise ValueError(f"points: expected rules of up to {self.most} points, got {points.shape[0]} points")
        self.rules, self.counts = &points[0, 0], &counts[0] if self.trees else NULL

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t first = 0, count, stride = self.columns * (8 if self.tree.wide_x else 4)
        cdef int64_t pairs = self.tree.width * self.tree.width * CONTRIBUTIONS_ROWS * 8
        cdef bint singly = frame.rows < FEW or (self.interactions and pairs > PAIRS_BYTES)
        cdef int64_t lanes = 1 if singly else CONTRIBUTIONS_ROWS
        cdef int status
        cdef char* x
        if self._reserve(frame, lanes) != OK:
            return OUT_OF_MEMORY
        while first < frame.rows:
            status = interrupted(frame)
            if status != OK:
                return status
            count = min(lanes, frame.rows - first)
            x = <char*>inputs[0].values + first * stride
            self._block(frame, x, count, lanes, <char*>output.values, first)
            first += count
        return OK

    cdef int _reserve(self, Frame* frame, int64_t lanes) noexcept nogil:
        """Reserve memory for a block of rows; `_block` lays it out."""
        cdef int64_t levels = self.depth + 1
        cdef int64_t pairs = self.tree.width if self.interactions else 0
        cdef int64_t most = rounded(self.most, lanes)
        cdef int64_t doubles = (self.columns + self.tree.width * (1 + pairs) + 3 * (levels + 1) * most) * lanes
        doubles += 2 * CONTRIBUTIONS_POINTS
        return reserve(
            &frame.scratch, 8 * doubles + (2 * sizeof(contributions_edge) + 8) * levels + 8 * self.tree.width
        )

    cdef void _block(
        self, Frame* frame, const char* x, int64_t rows, int64_t lanes, char* out, int64_t first
    ) noexcept nogil:
        """Fill the output of up to `lanes` rows."""
        cdef contributions_tree tree = self.tree
        cdef int64_t most = rounded(self.most, lanes), levels = self.depth + 1, k
        cdef double* at = <double*>frame.scratch.at
        tree.x = at + 2 * CONTRIBUTIONS_POINTS
        tree.sums = <double*>tree.x + self.columns * lanes
        tree.room = tree.sums + tree.width * lanes
        if self.interactions:
            tree.pairs, tree.room = tree.room, tree.room + tree.width * tree.width * lanes
        tree.edges = <contributions_edge*>(tree.room + 3 * (levels + 1) * most * lanes)
        tree.path = <contributions_edge**>(tree.edges + 2 * levels)
        tree.last = tree.path + levels
        memset(tree.last, 0, tree.width * 8)
        self._turn(x, rows, lanes, <double*>tree.x)
        for k in range(self.outputs):
            memset(tree.sums, 0, tree.width * lanes * 8)
            if self.interactions:
                memset(tree.pairs, 0, tree.width * tree.width * lanes * 8)
            self._output(&tree, k, lanes, at)
            if self.tree.wide_leaves:
                self._write(&tree, k, rows, lanes, <double*>out, first, (<const double*>self.bias)[k])
            else:
                self._write(&tree, k, rows, lanes, <float*>out, first, (<const float*>self.bias)[k])

    cdef void _turn(self, const char* x, int64_t rows, int64_t lanes, double* turned) noexcept nogil:
        """Write the rows column by column; the last is repeated where there are fewer than lanes."""
        cdef int64_t row, column, at
        for row in range(lanes):
            at = min(row, rows - 1) * self.columns
            if self.tree.wide_x:
                for column in range(self.columns):
                    turned[column * lanes + row] = (<const double*>x)[at + column]
            else:
                for column in range(self.columns):
                    turned[column * lanes + row] = (<const float*>x)[at + column]

    cdef void _output(self, contributions_tree* tree, int64_t k, int64_t lanes, double* points) noexcept nogil:
        """Add the contributions of all trees to output k."""
        cdef double* weights = points + CONTRIBUTIONS_POINTS
        cdef int64_t i, points_of_rule = 0
        if self.group == NULL:
            tree.leaves = <const char*>self.tree.leaves + k * (8 if tree.wide_leaves else 4)
        tree.points, tree.weights = points, weights
        for i in range(self.trees):
            if self.group != NULL and self.group[i] != k:
                continue
            if self.counts[i] != points_of_rule:
                points_of_rule, tree.count = self.counts[i], rounded(self.counts[i], lanes)
                take_rule(
                    self.rules + points_of_rule * (points_of_rule - 1), points_of_rule, tree.count, points, weights
                )
            if lanes == 1:
                table.one(tree, self.roots[i])
            else:
                table.rows(tree, self.roots[i])

    cdef void _write(self, const contributions_tree* tree, int64_t k, int64_t rows, int64_t lanes, real* out,
                     int64_t first, double bias) noexcept nogil:
        cdef int64_t side = tree.width + 1, width = tree.width, columns, row, i
        cdef double divisor = self.trees if self.mean and self.trees else 1
        columns = side * side if self.interactions else side
        for row in range(rows):
            if self.interactions:
                write_pairs(tree, row, lanes, divisor, out + ((first + row) * self.outputs + k) * columns)
            else:
                for i in range(width):
                    out[((first + row) * self.outputs + k) * columns + i] = <real>(tree.sums[i * lanes + row] / divisor)
            out[((first + row) * self.outputs + k + 1) * columns - 1] = <real>bias


cdef void write_pairs(
    const contributions_tree* tree, int64_t row, int64_t lanes, double divisor, real* out
) noexcept nogil:
    """Write the matrix of one row: half of each pair on either side, and the rest of each feature on the diagonal."""
    cdef int64_t width = tree.width, side = tree.width + 1, i, j
    cdef double left, pair
    for i in range(width):
        left = tree.sums[i * lanes + row]
        for j in range(width):
            if i != j:
                pair = tree.pairs[(min(i, j) * width + max(i, j)) * lanes + row] / 2
                left -= pair
                out[i * side + j] = <real>(pair / divisor)
        out[i * side + i] = <real>(left / divisor)
        out[i * side + width] = 0
    for j in range(side):
        out[width * side + j] = 0


cdef void take_rule(const double* rule, int64_t count, int64_t padded, double* points, double* weights) noexcept nogil:
    """Write a rule as two arrays, padded with points of weight zero."""
    cdef int64_t q
    for q in range(padded):
        points[q] = rule[2 * q] if q < count else 0.5
        weights[q] = rule[2 * q + 1] if q < count else 0.0


cdef inline int64_t rounded(int64_t count, int64_t lanes) noexcept nogil:
    """Return the padded number of points: for one row a multiple of four, the last with weight zero."""
    return count if lanes > 1 else (count + 3) & ~<int64_t>3


cdef int64_t depth_of(const forest_node* nodes, int64_t count, const uint32_t* roots, int64_t trees,
                      int32_t* levels) noexcept nogil:
    """Return the number of edges of the longest path, or -1 if a node has two parents or a root has one."""
    cdef int64_t i, side, child, most = 0
    for i in range(trees):
        if levels[roots[i]]:
            return -1
        levels[roots[i]] = 1
    for i in range(count):
        if not levels[i] or nodes[i].child == i:
            continue
        for side in range(2):
            child = nodes[i].child + side
            if levels[child]:
                return -1
            levels[child] = levels[i] + 1
        most = max(most, levels[i])
    return most
