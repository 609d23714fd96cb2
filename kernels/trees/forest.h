/* The walk of rows down trees, sixteen lanes at a time.
 *
 * A lane is one row in one tree.  Sixteen lanes advance together step by step: a step of one lane is a chain of loads
 * and a comparison that takes a dozen cycles, more if a node is not in the first cache, and sixteen such chains
 * overlap.  A lane that has reached its leaf stays there, so that no lane needs its own branch.  Sums are not taken
 * here: callers add leaves in the order of the trees.
 */
#ifndef PRETZEL_FOREST_H
#define PRETZEL_FOREST_H

#include <stdint.h>

/* One node, 16 bytes; the layout of `nodes` in engine/bindings/trees.py.
 *
 * At an inner node a row moves to `child` if x <= threshold, and to child + 1 otherwise.  A leaf is its own child, and
 * its threshold is a NaN, so that no comparison with it holds.  Its first four bytes hold its row of the table of
 * leaves: they are the lower half of the double, or next to the float.
 */
typedef struct {
    union {
        double f64;
        struct {
            uint32_t leaf;
            float f32;
        };
    };
    uint32_t feature; /* offset of the value in its row, in bytes */
    uint32_t child;
} forest_node;

/* Additional data for rows with a NaN, and for nodes that split categories. */
typedef struct {
    const uint8_t *missing_right; /* for each node; 0 at leaves */
    const uint32_t *categories;   /* bit sets, or NULL */
    const int32_t *ranges;        /* for each node: first word of its set, and its length; zero at numeric nodes */
} forest_extras;

enum { FOREST_LANES = 16 };

/* Returns whether category x, truncated to an integer, is outside the set that goes left. */
static inline uint32_t forest_outside(const forest_extras *extras, const int32_t *range, double x) {
    const int64_t limit = (int64_t)range[1] * 32;
    int64_t category;
    if (!(x > -1.0 && x < (double)limit)) return 1;
    category = (int64_t)x;
    return !((extras->categories[range[0] + (category >> 5)] >> (category & 31)) & 1);
}

/* Walks all lanes to their leaves by `step(node, row)`; checks at every second step whether any lane still moves. */
#define FOREST_TOGETHER(step)                                                                                          \
    uint32_t a[FOREST_LANES], moved;                                                                                   \
    for (int i = 0; i < FOREST_LANES; i++) a[i] = at[i];                                                               \
    do {                                                                                                               \
        moved = 0;                                                                                                     \
        _Pragma("GCC unroll 16") for (int i = 0; i < FOREST_LANES; i++) a[i] = step(a[i], rows[i]);                    \
        _Pragma("GCC unroll 16") for (int i = 0; i < FOREST_LANES; i++) {                                              \
            const uint32_t next = step(a[i], rows[i]);                                                                 \
            moved |= next ^ a[i];                                                                                      \
            a[i] = next;                                                                                               \
        }                                                                                                              \
    } while (moved);                                                                                                   \
    for (int i = 0; i < FOREST_LANES; i++) at[i] = a[i];

/* Three walks for a type of x: rows without NaN over numeric nodes, any rows over numeric nodes, and any over any.
 * IN: the nodes, and the row of each lane.  IN and OUT: `at`, the first node of each lane, then its leaf. */
#define FOREST_WALK(REAL, C_REAL)                                                                                      \
    static inline void forest_walk_##REAL(const forest_node *nodes, uint32_t *at, const char *const *rows) {           \
        FOREST_TOGETHER(FOREST_STEP_##REAL)                                                                            \
    }                                                                                                                  \
                                                                                                                       \
    static inline uint32_t forest_step_missing_##REAL(const forest_node *nodes, const forest_extras *extras,           \
                                                      uint32_t at, const char *row) {                                  \
        const C_REAL x = *(const C_REAL *)(row + nodes[at].feature);                                                   \
        return nodes[at].child + ((x > nodes[at].REAL) | ((x != x) & extras->missing_right[at]));                      \
    }                                                                                                                  \
                                                                                                                       \
    static inline void forest_walk_missing_##REAL(const forest_node *nodes, const forest_extras *extras, uint32_t *at, \
                                                  const char *const *rows) {                                           \
        FOREST_TOGETHER(FOREST_STEP_MISSING_##REAL)                                                                    \
    }                                                                                                                  \
                                                                                                                       \
    static inline uint32_t forest_step_any_##REAL(const forest_node *nodes, const forest_extras *extras, uint32_t at,  \
                                                  const char *row) {                                                   \
        const int32_t *range = extras->ranges + 2 * (int64_t)at;                                                       \
        const C_REAL x = *(const C_REAL *)(row + nodes[at].feature);                                                   \
        if (range[1] == 0 || x != x) return forest_step_missing_##REAL(nodes, extras, at, row);                        \
        return nodes[at].child + forest_outside(extras, range, x);                                                     \
    }                                                                                                                  \
                                                                                                                       \
    static inline void forest_walk_any_##REAL(const forest_node *nodes, const forest_extras *extras, uint32_t *at,     \
                                              const char *const *rows) {                                               \
        FOREST_TOGETHER(FOREST_STEP_ANY_##REAL)                                                                        \
    }                                                                                                                  \
                                                                                                                       \
    /* Returns whether a node that is its own child stays so for every x. */                                           \
    static inline int forest_is_leaf_##REAL(const forest_node *node) {                                                 \
        return node->REAL != node->REAL;                                                                               \
    }                                                                                                                  \
                                                                                                                       \
    /* Returns whether any of `count` values is a NaN. */                                                              \
    static inline int forest_any_nan_##REAL(const void *values, int64_t count) {                                       \
        const C_REAL *x = (const C_REAL *)values;                                                                      \
        int has_nan = 0;                                                                                               \
        for (int64_t i = 0; i < count; i++) has_nan |= x[i] != x[i];                                                   \
        return has_nan;                                                                                                \
    }

#define FOREST_STEP_f32(n, row) (nodes[n].child + (*(const float *)((row) + nodes[n].feature) > nodes[n].f32))
#define FOREST_STEP_f64(n, row) (nodes[n].child + (*(const double *)((row) + nodes[n].feature) > nodes[n].f64))
#define FOREST_STEP_MISSING_f32(n, row) forest_step_missing_f32(nodes, extras, n, row)
#define FOREST_STEP_MISSING_f64(n, row) forest_step_missing_f64(nodes, extras, n, row)
#define FOREST_STEP_ANY_f32(n, row) forest_step_any_f32(nodes, extras, n, row)
#define FOREST_STEP_ANY_f64(n, row) forest_step_any_f64(nodes, extras, n, row)
FOREST_WALK(f32, float)
FOREST_WALK(f64, double)

#endif
