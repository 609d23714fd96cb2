/* Forests of small trees as bit vectors: what bits_body.h makes for each instruction set.
 *
 * Leaves of a tree are bits, eight a byte, least first.  A node says which bits cannot be where a value lies above its
 * threshold, or where it does not; over all nodes of a tree, whatever way a row would walk, the lowest bit left is the
 * row's leaf.  So nothing is walked: every node is compared with every row, in an order that is known beforehand.
 *
 *                   columns                      rounds                         first, leaves
 *     x  ---------------------------->  ranks  ------------------>  found  ----------------------->  sums
 *        a value's rank among the              which leaf in a             the leaf added to its
 *        thresholds of its feature             tree, 0..8 * bytes - 1      row, in the order of trees
 *
 * A rank (how many thresholds lie below the value) decides every comparison as the value does, and is a byte.  A feature
 * with more than 255 thresholds has several columns; so has one whose NaN go right here and left there.
 *
 * Where nodes split categories, a column may hold marks instead: eight bits, each saying of some sets of categories
 * whether a value takes bits away.  Sets are many and seldom alike, so that every 32 trees have columns of their own. */
#ifndef PRETZEL_BITS_H
#define PRETZEL_BITS_H
#include <stdint.h>
#include <string.h>

#include "cpu.h"
#if CPU_HAS_LEVELS
#include <immintrin.h>
#endif

enum {
    BITS_LANES = 32,  /* bytes of bits in a group: 32 / bytes trees */
    BITS_ROWS = 128,  /* rows taken at once; ranks and found have room for whole multiples */
    BITS_TABLE = 64,  /* columns that one row's ranks can be looked up in; there is room for as many */
    BITS_ROUND = 128, /* bytes of a round */
    BITS_RANKED = 64, /* rows ranked at once */
};

/* What a column ranks. */
typedef struct {
    uint32_t feature, first, cuts; /* its thresholds, ascending, are cuts[first] .. cuts[first + cuts - 1] */
    uint32_t missing_right;        /* 1 where a NaN goes right, 0 where left */
} bits_column;

/* Where a value's marks are: marks[first + c * columns] for category c, in so many bytes, which go to the columns from
 * `column` on.  Behind the categories come two more rows, for what is none of them and for a NaN. */
typedef struct {
    uint32_t feature, first, categories, columns, column;
} bits_sets;

/* Entries stand in lanes, one a round: lane l of a group is byte l % bytes of tree l / bytes.  A round is four planes of
 * 32 bytes: the column; the threshold, as a rank less 128; whether the bits go where the rank is above (0) or where it is
 * not (255); and the bits.  A third kind (1) has a mask in place of the threshold, and its bits go where the mark is set.
 * In each lane those of the first kind come first, and what is beyond the last has no bits. */
typedef struct {
    const uint8_t *rounds;
    const uint32_t *starts; /* for each group, and one more: its first round */
    const uint8_t *counts;  /* for each group: entries of the first kind in each lane, then of the second, ... */
    int64_t bytes;          /* of each tree: 1, 2, 4, 8, 16 or 32 */
    int64_t kinds;          /* 2, or 3 with sets */
} bits_forest;

typedef struct {
    /* Writes the ranks of rows that lie `pitch` bytes apart, less 128: column by column, `stride` apart. */
    void (*rank_f32)(const bits_column *columns, int64_t count, const float *cuts, const char *x, int64_t pitch, int64_t rows,
                     int8_t *ranks, int64_t stride);
    void (*rank_f64)(const bits_column *columns, int64_t count, const double *cuts, const char *x, int64_t pitch, int64_t rows,
                     int8_t *ranks, int64_t stride);
    /* The same of one row, side by side. */
    void (*rank_one_f32)(const bits_column *columns, int64_t count, const float *cuts, const char *x, int8_t *ranks);
    void (*rank_one_f64)(const bits_column *columns, int64_t count, const double *cuts, const char *x, int8_t *ranks);
    /* Writes the marks of rows, as they are. */
    void (*mark_f32)(const bits_sets *sets, int64_t count, const uint8_t *marks, const char *x, int64_t pitch, int64_t rows,
                     int8_t *ranks, int64_t stride);
    void (*mark_f64)(const bits_sets *sets, int64_t count, const uint8_t *marks, const char *x, int64_t pitch, int64_t rows,
                     int8_t *ranks, int64_t stride);
    /* Finds the leaf of each row in trees begin .. end - 1; begin is the first of a group.  Writes tree by tree. */
    void (*find)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t stride, int64_t rows,
                 uint8_t *found);
    /* The same for one row, whose ranks of `count` columns lie side by side. */
    void (*find_one)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t count,
                     uint8_t *found);
    /* Adds leaves[first[tree] + found] to the sum of each row, tree after tree. */
    void (*add_f32)(const float *leaves, const uint32_t *first, int64_t trees, const uint8_t *found, int64_t stride,
                    int64_t rows, float *sums);
    void (*add_f64)(const double *leaves, const uint32_t *first, int64_t trees, const uint8_t *found, int64_t stride,
                    int64_t rows, double *sums);
} Bits;

#define CPU_BODY "trees/bits_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Bits, bits)

#endif
