"""What all kernels over texts share."""

from pretzel.kernels.kernel import Kernel

class TextKernel(Kernel):
    """A kernel that reads one text a row."""
