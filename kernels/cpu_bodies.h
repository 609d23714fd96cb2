/* Compiles the header CPU_BODY once for each level of cpu.h; included once for each body. */
#include "cpu.h"

#define CPU_LEVEL CPU_SCALAR
#define CPU_SUFFIX scalar
#include CPU_BODY
#undef CPU_LEVEL
#undef CPU_SUFFIX

#if CPU_HAS_LEVELS
#define CPU_LEVEL CPU_AVX2
#define CPU_SUFFIX avx2
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#include CPU_BODY
#pragma GCC pop_options
#undef CPU_LEVEL
#undef CPU_SUFFIX

#define CPU_LEVEL CPU_AVX512
#define CPU_SUFFIX avx512
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt,avx512f,avx512bw,avx512dq,avx512vl")
#include CPU_BODY
#pragma GCC pop_options
#undef CPU_LEVEL
#undef CPU_SUFFIX
#endif

#undef CPU_BODY
