/* Dense rows times weights: what products_body.h makes for each instruction set. */
#ifndef PRETZEL_PRODUCTS_H
#define PRETZEL_PRODUCTS_H
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    void (*dots_f32)(const float *x, const float *w, const float *bias, float *y, int64_t rows, int64_t width, int64_t k);
    void (*dots_f64)(
        const double *x, const double *w, const double *bias, double *y, int64_t rows, int64_t width, int64_t k);
    void (*dots_f32_f64)(
        const float *x, const double *w, const double *bias, double *y, int64_t rows, int64_t width, int64_t k);
    void (*tiles_f32)(const float *x, const float *w, const float *bias, float *y, int64_t rows, int64_t width, int64_t k);
    void (*tiles_f64)(
        const double *x, const double *w, const double *bias, double *y, int64_t rows, int64_t width, int64_t k);
    void (*tiles_f32_f64)(
        const float *x, const double *w, const double *bias, double *y, int64_t rows, int64_t width, int64_t k);
} Products;

#define LANES 8
#define PADDED(k) (((k) + LANES - 1) / LANES * LANES)
typedef float pretzel_f32x8 __attribute__((vector_size(LANES * sizeof(float))));
typedef double pretzel_f64x8 __attribute__((vector_size(LANES * sizeof(double))));

/* Eight values of a row as eight of the type that is summed in. */
#define LOAD_SAME(V, at, TO) memcpy(&(TO), (at), sizeof(V))
#define LOAD_WIDER(V, at, TO)                                                                                 \
    do {                                                                                                      \
        pretzel_f32x8 narrow;                                                                                 \
        memcpy(&narrow, (at), sizeof narrow);                                                                 \
        (TO) = __builtin_convertvector(narrow, V);                                                            \
    } while (0)

#define SUM_OF_LANES(s) ((((s)[0] + (s)[4]) + ((s)[2] + (s)[6])) + (((s)[1] + (s)[5]) + ((s)[3] + (s)[7])))

#define CPU_BODY "dense/products_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Products, products)

#endif
