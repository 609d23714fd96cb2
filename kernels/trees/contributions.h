/* Shapley values of the columns that trees read: the table of contributions_body.h.
 *
 * A row's contribution of feature i to a leaf is an integral over t in 0..1:
 *
 *     value * (o_i - z_i) * integral of product over the other features j of the leaf's path: o_j * t + z_j * (1 - t)
 *
 * z is the share of the training rows that the feature's nodes let through, and o is 1 if they all let the row through
 * and 0 if one does not.  The integrand is a polynomial of t, so the Gauss-Legendre rule with half as many points as
 * the path has features gives the exact integral.  All terms are positive: nothing cancels, however deep the tree.
 *
 * One descent serves all leaves.  On the way down, `c` holds the product of the factors above a node, for each point
 * and row.  On the way up, `u` holds the sum over the leaves below of the factors below times the value.  A feature
 * that splits a path again replaces its factor by the new one: `c` is multiplied by their ratio.
 *
 * Lanes are rows.  The arithmetic of a row does not depend on how many lanes there are. */
#ifndef PRETZEL_CONTRIBUTIONS_H
#define PRETZEL_CONTRIBUTIONS_H
#include <stdint.h>
#include <string.h>

#include "cpu.h"
#include "trees/forest.h"

#define CONTRIBUTIONS_LANES 16 /* rows processed at once */

enum {
    CONTRIBUTIONS_ROWS = CONTRIBUTIONS_LANES,
    CONTRIBUTIONS_POINTS = 64,   /* points of the longest rule */
    CONTRIBUTIONS_DEPTH = 1000,  /* edges on the longest path */
};

/* An edge of the path that is being visited. */
typedef struct {
    double z;                     /* share of the feature's nodes down to here */
    double o[CONTRIBUTIONS_ROWS]; /* for each row: 1 where these nodes let it through, else 0 */
    int32_t feature;
} contributions_edge;

typedef struct {
    const forest_node *nodes;
    const forest_extras *extras;
    const void *cover;       /* for each node, f64 if wide_cover, else f32 */
    const int32_t *features; /* for each column of x: the feature it belongs to */
    int wide_x, wide_cover;
    const double *points, *weights; /* of the rule for this tree */
    int64_t count;                  /* a multiple of four for one row; the last points may have weight zero */
    const void *leaves;             /* of the output that is computed, f64 if wide_leaves, else f32 */
    int64_t leaf_stride;
    int wide_leaves;
    int64_t width;                  /* features */
    const double *x;                /* [columns][lanes] */
    double *sums;                   /* [features][lanes] */
    double *pairs;                  /* [features][features][lanes], or NULL: only one half of the matrix is used */
    contributions_edge **last;      /* for each feature, the last edge of the path that split it, or NULL */
    contributions_edge *edges;      /* two for each level */
    contributions_edge **path;      /* for each level, the edge that is being visited */
    double *room;                   /* three times count * lanes for each level, and once more */
} contributions_tree;

typedef struct {
    /* Adds the contributions of one tree to the sums, and to the pairs if there are any, of 16 rows or of one. */
    void (*rows)(const contributions_tree *tree, uint32_t root);
    void (*one)(const contributions_tree *tree, uint32_t root);
} Contributions;

static inline double contributions_cover(const contributions_tree *tree, uint32_t node) {
    return tree->wide_cover ? ((const double *)tree->cover)[node] : (double)((const float *)tree->cover)[node];
}

static inline double contributions_leaf(const contributions_tree *tree, uint32_t node) {
    const int64_t at = (int64_t)tree->nodes[node].leaf * tree->leaf_stride;
    return tree->wide_leaves ? ((const double *)tree->leaves)[at] : (double)((const float *)tree->leaves)[at];
}

#define CPU_BODY "trees/contributions_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Contributions, contributions)

#endif
