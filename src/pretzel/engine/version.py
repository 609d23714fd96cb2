"""The version of the kernels, stored in plans so that a worker rejects plans compiled for other kernels."""

KERNEL_SET = "1"
