/* The NaN that encodes Python's None among numbers; the same bits as pretzel.plan.values.NONE_BITS.
 *
 * It survives a conversion to float32 and back: the lower bits of its payload are zeros. */
#ifndef PRETZEL_NONE_H
#define PRETZEL_NONE_H

#include <stdint.h>
#include <string.h>

#define NONE_BITS UINT64_C(0x7FFC0DE000000000)

static inline int number_is_none(double x) {
    uint64_t bits;
    memcpy(&bits, &x, 8);
    return (bits & UINT64_C(0x7FFFFFFFFFFFFFFF)) == NONE_BITS;
}

#endif
