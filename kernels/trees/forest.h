/* How rows walk down trees, sixteen lanes at a time.
 *
 * A lane is one row in one tree.  Sixteen lanes are taken step by step together: each step of one is a chain of loads
 * and a comparison that takes a dozen cycles, more where a node is not in the first cache, and sixteen such chains
 * overlap.  A lane that has reached its leaf stays there, so that no lane needs a branch of its own.  No sum is made
 * here: callers add leaves in the order of the trees.
 */
#ifndef PRETZEL_FOREST_H
#define PRETZEL_FOREST_H

#include <stdint.h>

/* One node, 16 bytes; the layout of `nodes` in engine/bindings/trees.py.
 *
 * At an inner node a row goes on to `child` where x <= threshold, and to child + 1 otherwise.  A leaf is its own child,
 * and its threshold is a NaN, above which nothing lies.  Its first four bytes hold its row of the table of leaves: they
 * are the lower half of the double, or lie beside the float.
 */
typedef struct {
    union {
        double f64;
        struct {
            uint32_t leaf;
            float f32;
        };
    };
    uint32_t feature; /* where the value lies in its row, in bytes */
    uint32_t child;
} forest_node;

/* What the walk needs beyond nodes where a row holds a NaN, or a node splits categories. */
typedef struct {
    const uint8_t *missing_right; /* for each node; 0 at leaves */
    const uint32_t *categories;   /* bit sets, or NULL */
    const int32_t *ranges;        /* for each node: first word of its set, and how many; none at numeric nodes */
} forest_extras;

enum { FOREST_LANES = 16 };

/* Whether category x, cut to an integer, is none of the set that goes left. */
static inline uint32_t forest_outside(const forest_extras *extras, const int32_t *range, double x) {
    const int64_t limit = (int64_t)range[1] * 32;
    int64_t category;
    if (!(x > -1.0 && x < (double)limit)) return 1;
    category = (int64_t)x;
    return !((extras->categories[range[0] + (category >> 5)] >> (category & 31)) & 1);
}

#define FOREST_WALK(REAL)                                                                                              \
    /* The node after `at` for a row without NaN, over numeric nodes only. */                                          \
    static inline uint32_t forest_step_##REAL(const forest_node *nodes, uint32_t at, const char *row) {                \
        const forest_node *node = nodes + at;                                                                          \
        return node->child + (*(const FOREST_C_##REAL *)(row + node->feature) > node->REAL);                           \
    }                                                                                                                  \
                                                                                                                       \
    /* The node after `at`, for any row and any node. */                                                               \
    static inline uint32_t forest_careful_step_##REAL(const forest_node *nodes, const forest_extras *extras,           \
                                                      uint32_t at, const char *row) {                                  \
        const forest_node *node = nodes + at;                                                                          \
        const FOREST_C_##REAL x = *(const FOREST_C_##REAL *)(row + node->feature);                                     \
        if (x != x) return node->child + extras->missing_right[at];                                                    \
        if (extras->categories && extras->ranges[2 * (int64_t)at + 1])                                                 \
            return node->child + forest_outside(extras, extras->ranges + 2 * (int64_t)at, x);                          \
        return node->child + (x > node->REAL);                                                                         \
    }                                                                                                                  \
                                                                                                                       \
    /* IN: first node and row of each lane.  INOUT `at`: first nodes, then leaves. */                                  \
    static inline void forest_walk_##REAL(const forest_node *nodes, uint32_t *at, const char *const *rows) {           \
        uint32_t a[FOREST_LANES], moved;                                                                               \
        for (int i = 0; i < FOREST_LANES; i++) a[i] = at[i];                                                           \
        do {                                                                                                           \
            moved = 0;                                                                                                 \
            _Pragma("GCC unroll 16") for (int i = 0; i < FOREST_LANES; i++) {                                          \
                a[i] = forest_step_##REAL(nodes, a[i], rows[i]);                                                       \
            }                                                                                                          \
            _Pragma("GCC unroll 16") for (int i = 0; i < FOREST_LANES; i++) {                                          \
                const uint32_t next = forest_step_##REAL(nodes, a[i], rows[i]);                                        \
                moved |= next ^ a[i];                                                                                  \
                a[i] = next;                                                                                           \
            }                                                                                                          \
        } while (moved);                                                                                               \
        for (int i = 0; i < FOREST_LANES; i++) at[i] = a[i];                                                           \
    }                                                                                                                  \
                                                                                                                       \
    static inline void forest_careful_walk_##REAL(const forest_node *nodes, const forest_extras *extras, uint32_t *at, \
                                                  const char *const *rows) {                                           \
        for (int i = 0; i < FOREST_LANES; i++) {                                                                       \
            uint32_t before;                                                                                           \
            do {                                                                                                       \
                before = at[i];                                                                                        \
                at[i] = forest_careful_step_##REAL(nodes, extras, before, rows[i]);                                    \
            } while (at[i] != before);                                                                                 \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    /* Whether a node that is its own child stays so for every x. */                                                   \
    static inline int forest_is_leaf_##REAL(const forest_node *node) {                                                 \
        return node->REAL != node->REAL;                                                                               \
    }                                                                                                                  \
                                                                                                                       \
    /* Whether any of `count` values is a NaN. */                                                                      \
    static inline int forest_any_nan_##REAL(const void *values, int64_t count) {                                       \
        const FOREST_C_##REAL *x = (const FOREST_C_##REAL *)values;                                                    \
        int found = 0;                                                                                                 \
        for (int64_t i = 0; i < count; i++) found |= x[i] != x[i];                                                     \
        return found;                                                                                                  \
    }

#define FOREST_C_f32 float
#define FOREST_C_f64 double
FOREST_WALK(f32)
FOREST_WALK(f64)

#endif
