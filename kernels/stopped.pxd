# The exceptions of runs that stopped.
from pretzel.kernels.frame cimport Frame

cdef enum:
    TOO_LARGE = 100  # values of no fixed size exceeded the caller's limit; no kernel returns it

# Raises the exception of a status other than OK; the kernel is the last one that was started.
cdef raise_stopped(kernel, const Frame* frame, int status)
