"""Parts of a pass over sparse rows: changes of their values, and scores."""

from pretzel.kernels.kernel import Kernel

class Values(Kernel):
    """A kernel that changes the stored values of sparse rows of floats and preserves their columns and the type."""

class Head(Kernel):
    """A kernel from sparse rows to dense numbers, each row independent of the others."""
