/* Dense rows times weights: the table of products_body.h. */
#ifndef PRETZEL_PRODUCTS_H
#define PRETZEL_PRODUCTS_H
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Each of x, w, bias and y is of the type that the place in the table implies. */
typedef void product(
    const void *x, const void *w, const void *bias, void *y, int64_t rows, int64_t width, int64_t k);

/* By whether x is float32, and whether weights and sums are; these are not narrower than x. */
typedef struct {
    product *dots[2][2], *tiles[2][2];
} Products;

#define LANES 8
#define PADDED(k) (((k) + LANES - 1) / LANES * LANES)

/* Rows of a tile: two registers of sums for each row and one of factors use all sixteen, and the additions to one sum
 * are far enough from each other to hide their latency. */
#define TALL 6

/* Rows per block, so that the block stays in the second-level cache while the panels of weights pass; columns per
 * panel, so that a panel stays in the first (rows of a wide matrix are a power of two from each other and would evict
 * each other, so it is copied); and with fewer rows than FEW a copy does not pay. */
#define BLOCK (21 * TALL)
#define DEPTH 256
#define FEW 16

/* The columns of x that a tile takes: the strides of x and of the weights, and whether the sums begin or end here. */
typedef struct {
    int64_t width, depth, stride;
    bool begins, ends;
} Span;

#define SUM_OF_LANES(s) ((((s)[0] + (s)[4]) + ((s)[2] + (s)[6])) + (((s)[1] + (s)[5]) + ((s)[3] + (s)[7])))

#define CPU_BODY "dense/products_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Products, products)

#endif
