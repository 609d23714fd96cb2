/* The instruction sets of a machine, and tables of functions for them.
 *
 * A hot body is a header that is compiled once for each instruction set and ends with a table of its functions.
 * Another header declares the table and has the body compiled:
 *
 *     sums.h                                            sums_body.h
 *       typedef struct {                                  static double CPU(sum)(const double *x, int64_t n) {
 *           double (*sum)(const double *, int64_t);           ...
 *       } Sums;                                           }
 *       #define CPU_BODY "sums_body.h"                    static const Sums CPU(sums) = {CPU(sum)};
 *       #include "cpu_bodies.h"
 *       CPU_TABLES(Sums, sums)
 *
 * A kernel gets its table once, with `sums_for(level)`; the level is in cpu.pxd.  Every copy gives the same bits: the
 * body fixes lanes and the order of each sum, and contraction is off.  CPU_LEVEL is a constant in a body, for code that
 * needs intrinsics.
 *
 * Without levels in the compiler or the machine only the scalar copy is built, for its baseline: SSE2 or NEON. */
#ifndef PRETZEL_CPU_H
#define PRETZEL_CPU_H

#define CPU_SCALAR 0
#define CPU_AVX2 1
#define CPU_AVX512 2

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define CPU_HAS_LEVELS 1
#define CPU_LEVELS 3
#define CPU_TABLES(TYPE, NAME)                                                                                         \
    static inline const TYPE *NAME##_for(int level) {                                                                  \
        static const TYPE *const all[] = {&NAME##_scalar, &NAME##_avx2, &NAME##_avx512};                               \
        return all[level];                                                                                             \
    }
#else
#define CPU_HAS_LEVELS 0
#define CPU_LEVELS 1
#define CPU_TABLES(TYPE, NAME)                                                                                         \
    static inline const TYPE *NAME##_for(int level) {                                                                  \
        return (void)level, &NAME##_scalar;                                                                            \
    }
#endif

#define CPU_JOIN_(name, suffix) name##_##suffix
#define CPU_JOIN(name, suffix) CPU_JOIN_(name, suffix)
/* The name of a function or of a table in the copy being compiled. */
#define CPU(name) CPU_JOIN(name, CPU_SUFFIX)

/* Returns whether this machine and its operating system run code of a level, as cpu_bodies.h compiles it. */
static inline int cpu_runs(int level) {
#if CPU_HAS_LEVELS
    if (level >= CPU_AVX2 && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                               __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")))
        return 0;
    if (level >= CPU_AVX512 && !(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")))
        return 0;
#endif
    return level < CPU_LEVELS;
}

#endif
