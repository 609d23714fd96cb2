"""Forests of small trees as bit vectors: every node is compared with every row, and no tree is walked; see bits.h."""

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t

import numpy as np

from pretzel.kernels.checks import FLOATS, address, typed
from pretzel.kernels.cpu cimport level
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.types cimport leaf_value

cdef enum:
    BLOCK = 1024  # rows at a time: their ranks and leaves stay in the cache
    STRIDE = 1088 # from column to column, and from tree to tree: not a power of two, to avoid cache conflicts
    UNIT = 32     # trees whose leaves are found before they are added; whole groups of any size

cdef const Bits* bits = bits_for(level)


cdef class BitForest(Kernel):
    """The sum or the mean of the leaves that each row reaches, added in the order of the trees; or each of them.

    Args:
        inputs: one dense matrix, f32 or f64.
        output: of the type of ``leaves``, one value per row, or as many as a leaf has, or as there are groups or trees.
        aggregate: ``sum``, ``mean`` or ``each``.
        columns: ``u32[columns, 4]``: what each ranks, see ``bits.h``; 256 at most.
        cuts: the thresholds of all columns, of the type of x.
        rounds: ``u8[rounds, 4, 32]``: the nodes.
        starts: ``u32[groups + 1]``: the first round of each group of trees.
        counts: ``u8[groups, 2, 32 / bytes, bytes]``, or 3 with sets: entries of each kind in each lane, which is a byte
            of a tree.
        first: ``u32[trees]``: the first leaf of each tree.
        leaves: ``[m]`` or ``[m, k]``, f32 or f64; i32 and ``[m]`` with ``each``; from the first of each tree on at
            least as many as it has bits.
        base: ``[1]`` or ``[k]``, of the type of ``leaves``: the initial value of the sum.
        group: ``i32[trees]``: the column that each tree adds to.
        sets: ``u32[sets, 5]``: where the marks of a feature are, and their columns, see ``bits.h``.
        marks: ``u8[bytes]``.
        unit_sets: ``u32[units + 1]``: the first of the sets of each 32 trees.

    Raises:
        ValueError: an index is out of bounds.
    """

    cdef object keep
    cdef bits_forest forest
    cdef const bits_sets* sets
    cdef const uint32_t* unit_sets
    cdef const uint8_t* marks
    cdef const bits_column* columns
    cdef const void* cuts
    cdef const uint32_t* first
    cdef const int32_t* group
    cdef const void* leaves
    cdef const void* base
    cdef int64_t trees, width, outputs, ranked, filled, few
    """The number of columns ranked for all trees, and of all columns, those filled with marks included."""
    cdef bint wide_x, wide_leaves, mean, per_tree

    def __init__(self, inputs, output, *, aggregate, columns, cuts, rounds, starts, counts, first, leaves, base,
                 group=None, sets=None, marks=None, unit_sets=None):
        typed("x", inputs[0], FLOATS)
        self.keep = (columns, cuts, rounds, starts, counts, first, leaves, base, group, sets, marks, unit_sets)
        self.wide_x, self.wide_leaves = inputs[0].dtype == "f64", leaves.dtype.itemsize == 8
        self.width, self.outputs, self.mean = inputs[0].columns, output.columns, aggregate == "mean"
        self.trees, self.per_tree = len(first), aggregate == "each"
        self._set_columns(columns, cuts, inputs[0])
        if sets is not None:
            self._set_sets(sets, marks, unit_sets)
        self._set_rounds(rounds, starts, counts)
        self._set_leaves(output, first, leaves, base, group)
        self.few = 4 if level == CPU_SCALAR or self.filled > BITS_TABLE else 28 if self.filled <= 16 else 14

    cdef _set_columns(self, columns, cuts, x):
        _shaped("columns", columns, np.uint32, (len(columns), 4))
        _shaped("cuts", cuts, x.numpy, (len(cuts),))
        if len(columns) > 256:
            raise ValueError(f"columns: expected 256 at most, got {len(columns)}")
        feature, begin, count, missing = columns.astype(np.int64).T
        if ((feature >= self.width) | (count > 255) | (begin + count > len(cuts)) | (missing > 1)).any():
            raise ValueError(f"columns: one leads out of the {self.width} features or the {len(cuts)} cuts")
        self.ranked = self.filled = len(columns)
        self.columns, self.cuts = <const bits_column*><size_t>address(columns), <const void*><size_t>address(cuts)

    cdef _set_sets(self, sets, marks, unit_sets):
        _shaped("sets", sets, np.uint32, (len(sets), 5))
        _shaped("marks", marks, np.uint8, (len(marks),))
        _shaped("unit_sets", unit_sets, np.uint32, ((self.trees + UNIT - 1) // UNIT + 1,))
        feature, first, categories, columns, column = sets.astype(np.int64).T
        end = first + (categories + 2) * columns
        if ((feature >= self.width) | (column + columns > 256) | (end > len(marks))).any():
            raise ValueError(f"sets: one leads out of the {self.width} features, the {len(marks)} marks or 256 columns")
        if (np.diff(unit_sets.astype(np.int64)) < 0).any() or unit_sets[len(unit_sets) - 1] > len(sets):
            raise ValueError(f"unit_sets: expected to ascend to {len(sets)} at most")
        self.filled = max(self.ranked, (column + columns).max(initial=0))
        self.sets, self.marks = <const bits_sets*><size_t>address(sets), <const uint8_t*><size_t>address(marks)
        self.unit_sets = <const uint32_t*><size_t>address(unit_sets)

    cdef _set_rounds(self, rounds, starts, counts):
        cdef int64_t groups = len(counts), size = counts.shape[counts.ndim - 1]
        if size not in (1, 2, 4, 8, 16, 32) or groups != (self.trees * size + BITS_LANES - 1) // BITS_LANES:
            raise ValueError(f"counts: {groups} groups of trees of {size} bytes are not {self.trees} trees")
        _shaped("rounds", rounds, np.uint8, (len(rounds), 4, BITS_LANES))
        _shaped("starts", starts, np.uint32, (groups + 1,))
        self.forest.kinds = 2 if self.sets == NULL else 3
        _shaped("counts", counts, np.uint8, (groups, self.forest.kinds, BITS_LANES // size, size))
        if len(rounds) and rounds[:, 0].max() >= self.filled:
            raise ValueError(f"rounds: expected columns in 0..{self.filled - 1}")
        heights = np.diff(starts.astype(np.int64))
        if (heights < 0).any() or starts[groups] > len(rounds):
            raise ValueError(f"starts: expected to ascend to {len(rounds)} at most")
        if (counts.sum(axis=1, dtype=np.int64) > heights[:, None, None]).any():
            raise ValueError("counts: a lane has more entries than its group has rounds")
        self.forest.rounds = <const uint8_t*><size_t>address(rounds)
        self.forest.starts = <const uint32_t*><size_t>address(starts)
        self.forest.counts = <const uint8_t*><size_t>address(counts)
        self.forest.bytes = size

    cdef _set_leaves(self, output, first, leaves, base, group):
        _shaped("first", first, np.uint32, (self.trees,))
        if self.trees and <int64_t>first.max() + 8 * self.forest.bytes > len(leaves):
            raise ValueError(f"first: leads out of the {len(leaves)} leaves")
        self.first = <const uint32_t*><size_t>address(first)
        if self.per_tree:
            self._set_integers(output, leaves, group)
        else:
            self._set_numbers(output, leaves, base, group)

    cdef _set_integers(self, output, leaves, group):
        _shaped("leaves", leaves, np.int32, (len(leaves),))
        if output.dtype != "i32" or self.outputs != self.trees or group is not None:
            raise ValueError(f"leaves, group: expected an integer for each of {self.trees} trees, got {output}")
        self.leaves = <const void*><size_t>address(leaves)

    cdef _set_numbers(self, output, leaves, base, group):
        if leaves.dtype != base.dtype or leaves.dtype != output.numpy or leaves.dtype.kind != "f":
            raise ValueError(f"leaves, base: {leaves.dtype}, {base.dtype} do not fit {output}")
        if base.shape != (self.outputs,) or leaves.shape[1:] not in ((), (self.outputs,)):
            raise ValueError(f"leaves, base: shapes {leaves.shape}, {base.shape} do not fit {output}")
        if self.outputs > 1 and leaves.ndim == 1 and group is None:
            raise ValueError(f"group: expected for {self.outputs} columns of single leaves")
        self.leaves, self.base = <const void*><size_t>address(leaves), <const void*><size_t>address(base)
        if group is not None:
            _shaped("group", group, np.int32, (self.trees,))
            if leaves.ndim != 1 or (self.trees and not 0 <= group.min() <= group.max() < self.outputs):
                raise ValueError(f"group: expected {self.trees} columns in 0..{self.outputs - 1}, and single leaves")
            self.group = <const int32_t*><size_t>address(group)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t stride = self.width * (8 if self.wide_x else 4), first, rows, size = 8 if self.wide_leaves else 4
        cdef const char* x = <const char*>inputs[0].values
        cdef int64_t ranks = max(self.filled, <int64_t>BITS_TABLE) * STRIDE
        if reserve(&frame.scratch, ranks) != OK or reserve(&frame.scratch2, UNIT * STRIDE) != OK:
            return OUT_OF_MEMORY
        for first in range(0, frame.rows, 1024):  # BLOCK
            rows = min(<int64_t>BLOCK, frame.rows - first)
            if self.per_tree:
                self._block(<int32_t*>output.values + first * self.outputs, x + first * stride, stride, rows,
                            <int8_t*>frame.scratch.at, <uint8_t*>frame.scratch2.at)
            elif self.wide_leaves:
                self._block(<double*>output.values + first * self.outputs, x + first * stride, stride, rows,
                            <int8_t*>frame.scratch.at, <uint8_t*>frame.scratch2.at)
            else:
                self._block(<float*>output.values + first * self.outputs, x + first * stride, stride, rows,
                            <int8_t*>frame.scratch.at, <uint8_t*>frame.scratch2.at)
        return OK

    cdef void _block(self, leaf_value* out, const char* x, int64_t stride, int64_t rows, int8_t* ranks,
                     uint8_t* reached) noexcept nogil:
        """Fill ``rows`` rows of ``out``: most of them together, and the remainder one by one."""
        cdef int64_t rest = rows % BITS_LANES, row, i
        cdef int64_t together = rows - rest if rest < self.few else rows
        if leaf_value is not int32_t:
            for row in range(rows):
                for i in range(self.outputs):
                    out[row * self.outputs + i] = (<const leaf_value*>self.base)[i]
        if together:
            self._rank(x, stride, together, ranks)
            for i in range(0, self.trees, 32):  # UNIT
                self._mark(i // UNIT, x, stride, together, ranks, STRIDE)
                bits.find(&self.forest, i, min(i + UNIT, self.trees), ranks, STRIDE, together, reached)
                self._add(out, i, min(<int64_t>UNIT, self.trees - i), reached, STRIDE, together)
        for row in range(together, rows):
            self._rank_one(x + row * stride, ranks)
            for i in range(0, self.trees, 32):  # UNIT
                self._mark(i // UNIT, x + row * stride, stride, 1, ranks, 1)
                bits.find_one(&self.forest, i, min(i + UNIT, self.trees), ranks, self.filled, reached)
                self._add(out + row * self.outputs, i, min(<int64_t>UNIT, self.trees - i), reached, 1, 1)
        if leaf_value is not int32_t:
            if self.mean and self.trees:
                for i in range(rows * self.outputs):
                    out[i] /= self.trees

    cdef inline void _rank(self, const char* x, int64_t pitch, int64_t rows, int8_t* ranks) noexcept nogil:
        if self.wide_x:
            bits.rank_f64(self.columns, self.ranked, <const double*>self.cuts, x, pitch, rows, ranks, STRIDE)
        else:
            bits.rank_f32(self.columns, self.ranked, <const float*>self.cuts, x, pitch, rows, ranks, STRIDE)

    cdef inline void _rank_one(self, const char* x, int8_t* ranks) noexcept nogil:
        if self.wide_x:
            bits.rank_one_f64(self.columns, self.ranked, <const double*>self.cuts, x, ranks)
        else:
            bits.rank_one_f32(self.columns, self.ranked, <const float*>self.cuts, x, ranks)

    cdef inline void _mark(self, int64_t unit, const char* x, int64_t pitch, int64_t rows, int8_t* ranks,
                           int64_t stride) noexcept nogil:
        """Fill the columns that belong to the sets of 32 trees."""
        cdef const bits_sets* sets
        cdef int64_t count
        if self.sets == NULL:
            return
        sets, count = self.sets + self.unit_sets[unit], self.unit_sets[unit + 1] - self.unit_sets[unit]
        if self.wide_x:
            bits.mark_f64(sets, count, self.marks, x, pitch, rows, ranks, stride)
        else:
            bits.mark_f32(sets, count, self.marks, x, pitch, rows, ranks, stride)

    cdef inline void _add(self, leaf_value* out, int64_t begin, int64_t trees, const uint8_t* reached, int64_t stride,
                          int64_t rows) noexcept nogil:
        """Add the leaves of ``trees`` trees from ``begin`` on, tree by tree, to each row."""
        cdef const leaf_value* leaves = <const leaf_value*>self.leaves
        cdef const uint32_t* first = self.first + begin
        cdef int64_t row, t, i, leaf
        if leaf_value is int32_t:
            for row in range(rows):
                for t in range(trees):
                    out[row * self.outputs + begin + t] = leaves[first[t] + reached[t * stride + row]]
        elif self.outputs == 1 and leaf_value is double:
            bits.add_f64(<const double*>leaves, first, trees, reached, stride, rows, <double*>out)
        elif self.outputs == 1:
            bits.add_f32(<const float*>leaves, first, trees, reached, stride, rows, <float*>out)
        elif self.group != NULL:
            for row in range(rows):
                for t in range(trees):
                    out[row * self.outputs + self.group[begin + t]] += leaves[first[t] + reached[t * stride + row]]
        else:
            for row in range(rows):
                for t in range(trees):
                    leaf = (first[t] + reached[t * stride + row]) * self.outputs
                    for i in range(self.outputs):
                        out[row * self.outputs + i] += leaves[leaf + i]


def _shaped(name, array, dtype, shape):
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(f"{name}: expected {np.dtype(dtype)}{list(shape)}, got {array.dtype}{list(array.shape)}")
