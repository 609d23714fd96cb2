"""The nodes of a forest as its kernels read them, and the checks that keep every walk inside them."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t

cdef extern from "trees/forest.h" nogil:
    ctypedef struct forest_node:
        uint32_t leaf, feature, child
    ctypedef struct forest_extras:
        const uint8_t* missing_right
        const uint32_t* categories
        const int32_t* ranges
    bint forest_is_leaf_f32(const forest_node* node)
    bint forest_is_leaf_f64(const forest_node* node)


cdef inline const forest_node* checked_nodes(
    const uint32_t[:, ::1] nodes, const uint8_t[::1] missing_right, int64_t width, int size, int64_t leaves,
    forest_extras* extras
) except? NULL:
    """Return nodes that point to each other, to one of ``leaves`` and to one of ``width`` columns of ``size`` bytes.

    Raises:
        ValueError: one does not.
    """
    cdef int64_t count = nodes.shape[0], bad
    if nodes.shape[1] != 4 or missing_right.shape[0] != count or count > 0x7FFFFFFF:
        raise ValueError(f"nodes: {count} x {nodes.shape[1]}, missing_right: {missing_right.shape[0]}")
    if not count:
        return NULL
    extras.missing_right = &missing_right[0]
    bad = first_bad(<const forest_node*>&nodes[0, 0], count, extras.missing_right, width, size, leaves)
    if bad >= 0:
        raise ValueError(f"nodes, missing_right: node {bad} is out of bounds")
    return <const forest_node*>&nodes[0, 0]


cdef inline const uint32_t* checked_roots(const uint32_t[::1] roots, int64_t nodes) except? NULL:
    """Return the roots of trees, each of them one of the nodes.

    Raises:
        ValueError: one is not.
    """
    cdef int64_t i
    for i in range(roots.shape[0]):
        if roots[i] >= nodes:
            raise ValueError(f"roots: expected 0..{nodes - 1}")
    return &roots[0] if roots.shape[0] else NULL


cdef inline const int32_t* checked_group(group, int64_t trees, int64_t outputs) except? NULL:
    """Return the column that each tree adds to, or NULL for None.

    Raises:
        ValueError: there is not one column per tree, or it is not one of the outputs.
    """
    cdef const int32_t[::1] columns = group
    if group is None or not trees:
        return NULL
    if len(group) != trees or not 0 <= group.min() <= group.max() < outputs:
        raise ValueError(f"group: expected {trees} columns in 0..{outputs - 1}")
    return &columns[0]


cdef inline int check_categories(const uint32_t[::1] words, const int32_t[:, ::1] ranges, const forest_node* nodes,
                                 int64_t count, forest_extras* extras) except -1:
    """Check and store the bit sets of categories that go left; each range is within the words, and no leaf has one.

    Raises:
        ValueError: a range points outside the words, or a leaf has a set.
    """
    cdef int64_t i
    if ranges.shape[0] != count or ranges.shape[1] != 2:
        raise ValueError(f"category_range: expected {count} x 2")
    for i in range(count):
        if ranges[i, 0] < 0 or ranges[i, 1] < 0 or <int64_t>ranges[i, 0] + ranges[i, 1] > words.shape[0]:
            raise ValueError(f"category_range: node {i} points outside the {words.shape[0]} words")
        if ranges[i, 1] and nodes[i].child == i:  # its set would move a row on to the node after it
            raise ValueError(f"category_range: node {i} is a leaf and has a set")
    if words.shape[0] and count:
        extras.categories, extras.ranges = &words[0], &ranges[0, 0]
    return 0


cdef inline int64_t first_bad(
    const forest_node* nodes, int64_t count, const uint8_t* missing_right, int64_t width, int size, int64_t leaves
) noexcept nogil:
    """Return the first node that could lead out of bounds or in a circle, or -1."""
    cdef int64_t i
    cdef bint stays
    for i in range(count):
        if nodes[i].feature % size or nodes[i].feature // size >= width or missing_right[i] > 1:
            return i
        if nodes[i].child == i:
            stays = forest_is_leaf_f64(nodes + i) if size == 8 else forest_is_leaf_f32(nodes + i)
            if nodes[i].leaf >= leaves or missing_right[i] or not stays:
                return i
        elif nodes[i].child < i or <int64_t>nodes[i].child + 1 >= count:
            return i
    return -1
