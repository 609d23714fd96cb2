# The element types that kernels are compiled for; `run` picks the copy that fits the types of its slots.
from libc.stdint cimport int32_t, int64_t

ctypedef fused real:
    float
    double

# A second float type, for a result that may be wider than its input.
ctypedef fused result:
    float
    double

ctypedef fused number:
    float
    double
    int64_t

# The values of a tree's leaves: scores, or positions of leaves.
ctypedef fused leaf_value:
    float
    double
    int32_t
