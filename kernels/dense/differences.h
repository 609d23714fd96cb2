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

typedef struct {
    void (*f64)(int metric, const double *x, const double *centers, double p, double *y, int64_t rows, int64_t width,
                int64_t k);
    void (*f32_f64)(
        int metric, const float *x, const double *centers, double p, double *y, int64_t rows, int64_t width, int64_t k);
    void (*f32)(
        int metric, const float *x, const double *centers, double p, float *y, int64_t rows, int64_t width, int64_t k);
} Differences;

#define CPU_BODY "dense/differences_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Differences, differences)

#endif
