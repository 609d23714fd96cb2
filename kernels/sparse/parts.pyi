"""Parts of a pass over sparse rows: what changes their values, and what scores them."""

from pretzel.kernels.kernel import Kernel

class Values(Kernel):
    """A kernel that changes the stored values of sparse rows of floats, and keeps their columns and the type."""

class Head(Kernel):
    """A kernel that makes dense numbers of sparse rows, each row by itself."""
