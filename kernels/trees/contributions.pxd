# Contributions of trees, as contributions.h declares them.
from libc.stdint cimport int32_t, int64_t, uint32_t

from pretzel.kernels.trees.forest cimport forest_extras, forest_node

cdef extern from "trees/contributions.h" nogil:
    enum:
        CONTRIBUTIONS_ROWS
        CONTRIBUTIONS_POINTS
        CONTRIBUTIONS_DEPTH
    ctypedef struct contributions_edge:
        pass
    ctypedef struct contributions_tree:
        const forest_node* nodes
        const forest_extras* extras
        const void* cover
        const int32_t* features
        bint wide_x, wide_cover
        const double* points
        const double* weights
        int64_t count
        const void* leaves
        int64_t leaf_stride
        bint wide_leaves
        int64_t width
        const double* x
        double* sums
        double* pairs
        contributions_edge** last
        contributions_edge* edges
        contributions_edge** path
        double* room
    ctypedef struct Contributions:
        void (*rows)(const contributions_tree* tree, uint32_t root) noexcept nogil
        void (*one)(const contributions_tree* tree, uint32_t root) noexcept nogil
    const Contributions* contributions_for(int level)
