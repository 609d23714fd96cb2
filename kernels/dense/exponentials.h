/* exp, tanh and the logistic function over runs of numbers: the table of exponentials_body.h. */
#ifndef PRETZEL_EXPONENTIALS_H
#define PRETZEL_EXPONENTIALS_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    void (*exp_f64)(const double *x, double *y, int64_t n);
    void (*tanh_f32)(const float *x, float *y, int64_t n);
    void (*tanh_f64)(const double *x, double *y, int64_t n);
    void (*logistic_f32)(const float *x, float *y, int64_t n);
    void (*logistic_f64)(const double *x, double *y, int64_t n);
} Exponentials;

#define CPU_BODY "dense/exponentials_body.h"
#include "cpu_bodies.h"
CPU_TABLES(Exponentials, exponentials)

#endif
