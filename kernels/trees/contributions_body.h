/* Contributions of 16 rows at once, and of one, as in contributions.h; compiled as in cpu.h.
 *
 * WIDE is the width of a register: wider vectors would go through memory. */
#if CPU_LEVEL == CPU_AVX512
#define WIDEST 8
#define WIDE_ONE 4
#elif CPU_LEVEL == CPU_AVX2
#define WIDEST 4
#define WIDE_ONE 4
#else
#define WIDEST 2
#define WIDE_ONE 2
#endif

#define LANES CONTRIBUTIONS_LANES
#define WIDE WIDEST
#define LANED(name) CPU(name##_rows)
#include "trees/contributions_lanes.h"
#undef LANES
#undef WIDE
#undef LANED

#define LANES 1
#define WIDE WIDE_ONE
#define LANED(name) CPU(name##_one)
#include "trees/contributions_lanes.h"
#undef LANES
#undef WIDE
#undef LANED

#undef WIDEST
#undef WIDE_ONE

static const Contributions CPU(contributions) = {CPU(contribute_rows), CPU(contribute_one)};
