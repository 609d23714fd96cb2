"""The version of the kernels, which a plan names so that no worker runs what it was not compiled for."""

KERNEL_SET = "1"
