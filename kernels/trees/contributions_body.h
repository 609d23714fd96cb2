/* Contributions of 16 rows at once, and of one, as contributions.h says; compiled as cpu.h says. */
#define LANES CONTRIBUTIONS_ROWS
#define LANED(name) CPU(name##_rows)
#include "trees/contributions_lanes.h"
#undef LANES
#undef LANED

#define LANES 1
#define LANED(name) CPU(name##_one)
#include "trees/contributions_lanes.h"
#undef LANES
#undef LANED

static const Contributions CPU(contributions) = {CPU(contribute_rows), CPU(contribute_one)};
