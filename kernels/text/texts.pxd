# The base of kernels over texts: it rejects a missing text as scikit-learn does.
from libc.stdint cimport int64_t, uint8_t

from pretzel.kernels.frame cimport MISSING_NAN, Frame, Text, reject
from pretzel.kernels.kernel cimport Kernel


cdef enum:
    NAN_DOCUMENT = 1
    NO_DOCUMENT = 2


cdef class TextKernel(Kernel):
    pass


cdef inline int reject_missing(Frame* frame, int64_t row, const Text* text) noexcept nogil:
    return reject(frame, NAN_DOCUMENT if text.length == MISSING_NAN else NO_DOCUMENT, row, 0, 0.0)
