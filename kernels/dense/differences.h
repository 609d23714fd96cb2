/* Distances of rows to centers, summed column by column for eight centers at once, each in the order of the columns.
 *
 * centers [tiles][width][8]: the centers in groups of eight, the last padded; results for the padding are not written.
 * A group stays in the first-level cache while a block of rows passes. */
#ifndef PRETZEL_DIFFERENCES_H
#define PRETZEL_DIFFERENCES_H
#include <math.h>
#include <stdint.h>
#include <string.h>

#define GROUP 8

/* Rows per block, so that they and their distances stay in the second-level cache while the groups pass. */
#define BLOCK 128

/* The order of METRICS in differences.pyx. */
enum pretzel_metric {
    METRIC_MANHATTAN, METRIC_CHEBYSHEV, METRIC_SQUARES, METRIC_POWERS, METRIC_CANBERRA, METRIC_BRAYCURTIS,
    METRIC_HAMMING, METRIC_CHI2, METRIC_NAN_EUCLIDEAN
};

/* x and y are of the types that the place in the table implies. */
typedef void difference(int metric, const void *x, const double *centers, double p, void *y, int64_t rows,
                        int64_t width, int64_t k);

/* By whether x is float32, and whether y is; y is not narrower than x. */
typedef struct {
    difference *rows[2][2];
} Differences;

#define CPU_BODY "dense/differences_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Differences, differences)

#endif
