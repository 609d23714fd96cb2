"""What all kernels over texts share."""

from pretzel.kernels.kernel import Kernel

UNICODE_VERSION: str

class TextKernel(Kernel):
    """A kernel that reads one text a row."""
