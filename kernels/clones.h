/* One body, compiled once for each instruction set; the loader picks the widest that the machine has.
 *
 * Lanes and the order of every reduction are written out in the body, and contraction is off, so that all copies give
 * the same bits. */
#ifndef PRETZEL_CLONES_H
#define PRETZEL_CLONES_H

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define PRETZEL_CLONES __attribute__((unused, target_clones("avx512f", "avx2", "default")))
#else
#define PRETZEL_CLONES __attribute__((unused))
#endif

#endif
