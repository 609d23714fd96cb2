/* Forests of small trees as bit vectors: the table of bits_body.h.
 *
 * Leaves of a tree are bits, eight per byte, lowest first.  A node lists the bits that are ruled out if a value is
 * above its threshold, or if it is not; over all nodes of a tree, whatever path a row would take, the lowest bit left
 * is the row's leaf.  So no tree is walked: every node is compared with every row, in an order that is fixed
 * beforehand.
 *
 *                   columns                      rounds                         first, leaves
 *     x  ---------------------------->  ranks  ----------------->  reached  ---------------------->  sums
 *        a value's rank among the              which leaf in a             the leaf added to its
 *        thresholds of its feature             tree, 0..8 * bytes - 1      row, in the order of trees
 *
 * A rank (the number of thresholds below the value) decides every comparison as the value does, and is a byte.  A
 * feature with more than 255 thresholds has several columns; so has one whose NaN go right at some nodes and left at
 * others.
 *
 * For nodes that split categories, a column may hold marks instead: eight bits, each for some sets of categories,
 * whether a value rules bits out.  Sets are many and seldom alike, so that every 32 trees have their own columns. */
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
    BITS_ROWS = 128,  /* rows processed at once; ranks and reached have room for whole multiples */
    BITS_TABLE = 64,  /* columns that one row's ranks can be looked up in; there is room for as many */
    BITS_ROUND = 128, /* bytes of a round */
    BITS_RANKED = 64, /* rows ranked at once */
};

/* The thresholds that a column ranks. */
typedef struct {
    uint32_t feature, first, cuts; /* its thresholds, ascending, are cuts[first] .. cuts[first + cuts - 1] */
    uint32_t missing_right;        /* 1 if a NaN goes right, 0 if left */
} bits_column;

/* A value's marks: marks[first + c * columns] for category c, in so many bytes, for the columns from `column` on.  Two
 * more rows follow the categories, for other values and for NaN. */
typedef struct {
    uint32_t feature, first, categories, columns, column;
} bits_sets;

/* Entries are in lanes, one per round: lane l of a group is byte l % bytes of tree l / bytes.  A round is four planes
 * of 32 bytes: the column; the threshold, as a rank less 128; whether the bits are ruled out if the rank is above (0)
 * or if it is not (255); and the bits.  A third kind (1) has a mask in place of the threshold, and its bits are ruled
 * out if the mark is set.  In each lane entries of the first kind come first, and padding at the end has no bits. */
typedef struct {
    const uint8_t *rounds;
    const uint32_t *starts; /* for each group, and one more: its first round */
    const uint8_t *counts;  /* for each group: entries of the first kind in each lane, then of the second, ... */
    int64_t bytes;          /* of each tree: 1, 2, 4, 8, 16 or 32 */
    int64_t kinds;          /* 2, or 3 with sets */
} bits_forest;

typedef struct {
    /* Writes the ranks of rows, `pitch` bytes from one to the next, less 128: column by column, `stride` bytes each. */
    void (*rank_f32)(const bits_column *columns, int64_t count, const float *cuts, const char *x, int64_t pitch,
                     int64_t rows, int8_t *ranks, int64_t stride);
    void (*rank_f64)(const bits_column *columns, int64_t count, const double *cuts, const char *x, int64_t pitch,
                     int64_t rows, int8_t *ranks, int64_t stride);
    /* The same for one row, in consecutive bytes. */
    void (*rank_one_f32)(const bits_column *columns, int64_t count, const float *cuts, const char *x, int8_t *ranks);
    void (*rank_one_f64)(const bits_column *columns, int64_t count, const double *cuts, const char *x, int8_t *ranks);
    /* Writes the marks of rows, as they are. */
    void (*mark_f32)(const bits_sets *sets, int64_t count, const uint8_t *marks, const char *x, int64_t pitch,
                     int64_t rows, int8_t *ranks, int64_t stride);
    void (*mark_f64)(const bits_sets *sets, int64_t count, const uint8_t *marks, const char *x, int64_t pitch,
                     int64_t rows, int8_t *ranks, int64_t stride);
    /* Finds the leaf of each row in trees begin .. end - 1; begin is the first of a group.  Writes tree by tree. */
    void (*find)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t stride,
                 int64_t rows, uint8_t *reached);
    /* The same for one row, with its ranks of `count` columns in consecutive bytes. */
    void (*find_one)(const bits_forest *forest, int64_t begin, int64_t end, const int8_t *ranks, int64_t count,
                     uint8_t *reached);
    /* Adds leaves[first[tree] + reached] to the sum of each row, in the order of the trees. */
    void (*add_f32)(const float *leaves, const uint32_t *first, int64_t trees, const uint8_t *reached, int64_t stride,
                    int64_t rows, float *sums);
    void (*add_f64)(const double *leaves, const uint32_t *first, int64_t trees, const uint8_t *reached, int64_t stride,
                    int64_t rows, double *sums);
} Bits;

#define CPU_BODY "trees/bits_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Bits, bits)

#endif
