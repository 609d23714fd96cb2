"""The base of kernels over texts."""

from pretzel.kernels.kernel import Kernel

UNICODE_VERSION: str

class TextKernel(Kernel):
    """A kernel that reads one text per row."""
