"""Tree ensembles: forests and boosted trees of every library.

A forest is walked in one of two ways, with the same bits.  A batch is cut into blocks of rows that stay in the cache,
and each tree takes all rows of a block, sixteen at a time: a tree enters the cache once per block.  Fewer rows are
walked one by one, each down sixteen trees at a time.  Either way the walk only records leaves, which are added
afterwards in the order of the trees.  Blocks without a NaN, and forests without categories, take shorter steps.
"""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

import numpy as np

from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.kernel cimport Kernel
from pretzel.kernels.trees.forest cimport (
    check_categories,
    checked_group,
    checked_nodes,
    checked_roots,
    forest_extras,
    forest_node,
)
from pretzel.kernels.types cimport leaf_value

cdef extern from "trees/forest.h" nogil:
    void forest_walk_f32(const forest_node* nodes, uint32_t* at, const char** rows)
    void forest_walk_f64(const forest_node* nodes, uint32_t* at, const char** rows)
    void forest_walk_missing_f32(const forest_node* nodes, const forest_extras* extras, uint32_t* at, const char** rows)
    void forest_walk_any_f32(const forest_node* nodes, const forest_extras* extras, uint32_t* at, const char** rows)
    void forest_walk_missing_f64(const forest_node* nodes, const forest_extras* extras, uint32_t* at, const char** rows)
    void forest_walk_any_f64(const forest_node* nodes, const forest_extras* extras, uint32_t* at, const char** rows)
    bint forest_any_nan_f32(const void* values, int64_t count)
    bint forest_any_nan_f64(const void* values, int64_t count)

cdef enum:
    LANES = 16               # FOREST_LANES
    BLOCK_BYTES = 512 << 10  # of x: half a second-level cache, so that a tree fits as well
    BLOCK_ROWS = 512         # at least, however wide the rows
    SMALL_BYTES = 1 << 20    # of nodes: a forest that stays in the cache from block to block

cdef enum Care:
    PLAIN = 0      # rows without NaN over numeric nodes
    MISSING = 1    # any rows over numeric nodes
    ANYTHING = 2   # any rows over any nodes


cdef class TreeEnsemble(Kernel):
    """The sum or the mean of the leaves that each row reaches, added in the order of the trees; or each of them.

    Args:
        inputs: one dense matrix, f32 or f64.
        output: of the type of ``leaves``, one value per row, or as many as a leaf has, or as there are groups or trees.
        aggregate: ``sum``, ``mean`` or ``each``.
        nodes: ``u32[n, 4]``, see ``forest.h``; children come after their parents.
        missing_right: ``u8[n]``: 1 if a NaN goes to the right; 0 at leaves.
        roots: ``u32[trees]``.
        leaves: ``[m]`` or ``[m, k]``, f32 or f64; i32 and ``[m]`` with ``each``.
        base: ``[1]`` or ``[k]``, of the type of ``leaves``: the initial value of the sum.
        group: ``i32[trees]``: the column that each tree adds to.
        categories, category_range: ``u32[words]`` and ``i32[n, 2]``: the bit sets of categories that go left.

    Raises:
        ValueError: an index is out of bounds, or a child does not come after its parent.
    """

    cdef object keep
    cdef const forest_node* nodes
    cdef const uint32_t* roots
    cdef const int32_t* group
    cdef const void* leaves
    cdef const void* base
    cdef forest_extras extras
    cdef int64_t trees, width, outputs
    cdef readonly int64_t rows_wanted
    """The number of rows below which the forest would be read from memory repeatedly."""
    cdef bint wide_x, wide_leaves, mean, per_tree

    def __init__(self, inputs, output, *, aggregate, nodes, missing_right, roots, leaves, base, group=None,
                 categories=None, category_range=None):
        self.keep = (nodes, missing_right, roots, leaves, base, group, categories, category_range)
        self.wide_x, self.wide_leaves = inputs[0].dtype == "f64", leaves.dtype.itemsize == 8
        self.width, self.outputs = inputs[0].columns, output.columns
        self.per_tree = aggregate == "each"
        self.mean, self.rows_wanted = aggregate == "mean", 8192 if nodes.nbytes > SMALL_BYTES else 0
        if self.per_tree:
            self._set_integers(output, leaves, roots, group)
        else:
            self._set_leaves(output, leaves, base)
        self.nodes = checked_nodes(nodes, missing_right, self.width, 8 if self.wide_x else 4, len(leaves), &self.extras)
        self.trees, self.roots = len(roots), checked_roots(roots, len(nodes))
        self.group = checked_group(group, self.trees, self.outputs)
        if categories is not None:
            check_categories(categories, category_range, self.nodes, len(nodes), &self.extras)

    cdef _set_leaves(self, output, leaves, base):
        if leaves.dtype != base.dtype or leaves.dtype != output.numpy or leaves.dtype.kind != "f":
            raise ValueError(f"leaves, base: {leaves.dtype}, {base.dtype} do not fit {output}")
        if base.shape != (self.outputs,) or leaves.shape[1:] not in ((), (self.outputs,)):
            raise ValueError(f"leaves, base: shapes {leaves.shape}, {base.shape} do not fit {output}")
        self.leaves, self.base = <const void*>_address(leaves), <const void*>_address(base)

    cdef _set_integers(self, output, leaves, roots, group):
        if leaves.dtype != np.int32 or output.dtype != "i32" or leaves.ndim != 1 or not leaves.flags.c_contiguous:
            raise ValueError(f"leaves: {leaves.dtype}, {leaves.shape} do not fit {output}")
        if group is not None or self.outputs != len(roots):
            raise ValueError(f"roots, group: expected a column for each of {len(roots)} trees, got {output}")
        self.leaves = <const void*>_address(leaves)

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        cdef int64_t stride = self.width * (8 if self.wide_x else 4), first = 0, count
        cdef int64_t block = max(<int64_t>BLOCK_ROWS, BLOCK_BYTES // max(stride, 1)) // LANES * LANES
        cdef const char* x = <const char*>inputs[0].values
        if reserve(&frame.scratch, max(self.trees + LANES, block) * sizeof(uint32_t)) != OK:
            return OUT_OF_MEMORY
        while first < frame.rows:
            count = min(block, frame.rows - first)
            if self.per_tree:
                self._block(<int32_t*>output.values + first * self.outputs, x + first * stride, stride, count,
                            <uint32_t*>frame.scratch.at)
            elif self.wide_leaves:
                self._block(<double*>output.values + first * self.outputs, x + first * stride, stride, count,
                            <uint32_t*>frame.scratch.at)
            else:
                self._block(<float*>output.values + first * self.outputs, x + first * stride, stride, count,
                            <uint32_t*>frame.scratch.at)
            first += count
        return OK

    cdef void _block(self, leaf_value* out, const char* x, int64_t stride, int64_t rows,
                     uint32_t* reached) noexcept nogil:
        """Fill ``rows`` rows of ``out``; ``reached`` has room for a leaf of each row or of each tree."""
        cdef int care = self._care(x, rows)
        cdef int64_t row, tree, i
        if leaf_value is not int32_t:
            for row in range(rows):
                for i in range(self.outputs):
                    out[row * self.outputs + i] = (<const leaf_value*>self.base)[i]
        if rows >= LANES or self.trees < LANES:
            for tree in range(self.trees):
                self._walk_rows(x, stride, rows, tree, care, reached)
                for row in range(rows):
                    self._add(out + row * self.outputs, tree, self.nodes[reached[row]].leaf)
        else:
            for row in range(rows):
                self._walk_trees(x + row * stride, care, reached)
                for tree in range(self.trees):
                    self._add(out + row * self.outputs, tree, self.nodes[reached[tree]].leaf)
        if leaf_value is not int32_t:
            if self.mean and self.trees:
                for i in range(rows * self.outputs):
                    out[i] /= self.trees

    cdef int _care(self, const char* x, int64_t rows) noexcept nogil:
        """Return the cases that these rows need."""
        cdef int64_t values = rows * self.width
        if self.extras.categories != NULL:
            return ANYTHING
        return MISSING if (forest_any_nan_f64(x, values) if self.wide_x else forest_any_nan_f32(x, values)) else PLAIN

    cdef inline void _add(self, leaf_value* out, int64_t tree, uint32_t leaf) noexcept nogil:
        cdef const leaf_value* leaves = <const leaf_value*>self.leaves
        cdef int64_t i
        if leaf_value is int32_t:
            out[tree] = leaves[leaf]
        elif self.group != NULL:
            out[self.group[tree]] += leaves[leaf]
        elif self.outputs == 1:
            out[0] += leaves[leaf]
        else:
            for i in range(self.outputs):
                out[i] += leaves[<int64_t>leaf * self.outputs + i]

    cdef void _walk_rows(self, const char* x, int64_t stride, int64_t rows, int64_t tree, int care,
                         uint32_t* reached) noexcept nogil:
        """Record the leaf of each row in one tree; the last group repeats its last row if rows run out."""
        cdef const char* lanes[LANES]
        cdef uint32_t at[LANES]
        cdef int64_t first, i
        for first in range(0, rows, 16):  # LANES
            for i in range(LANES):
                lanes[i] = x + min(first + i, rows - 1) * stride
                at[i] = self.roots[tree]
            self._walk(at, lanes, care)
            for i in range(min(<int64_t>LANES, rows - first)):
                reached[first + i] = at[i]

    cdef void _walk_trees(self, const char* row, int care, uint32_t* reached) noexcept nogil:
        """Record the leaf of one row in each tree; the last group repeats the last tree."""
        cdef const char* lanes[LANES]
        cdef int64_t first, i
        for i in range(LANES):
            lanes[i] = row
        for first in range(0, self.trees, 16):  # LANES
            for i in range(LANES):
                reached[first + i] = self.roots[min(first + i, self.trees - 1)]
            self._walk(reached + first, lanes, care)

    cdef inline void _walk(self, uint32_t* at, const char** lanes, int care) noexcept nogil:
        if self.wide_x and care == PLAIN:
            forest_walk_f64(self.nodes, at, lanes)
        elif self.wide_x and care == MISSING:
            forest_walk_missing_f64(self.nodes, &self.extras, at, lanes)
        elif self.wide_x:
            forest_walk_any_f64(self.nodes, &self.extras, at, lanes)
        elif care == PLAIN:
            forest_walk_f32(self.nodes, at, lanes)
        elif care == MISSING:
            forest_walk_missing_f32(self.nodes, &self.extras, at, lanes)
        else:
            forest_walk_any_f32(self.nodes, &self.extras, at, lanes)


cdef size_t _address(array):
    return array.__array_interface__["data"][0]
