# The base of all kernels: one virtual call from inputs to output, without the GIL.
from pretzel.kernels.frame cimport Frame, Slot


cdef class Kernel:
    cdef object __weakref__

    # Computes frame.rows rows of `output` from `inputs`.  Dense outputs have their memory already; the kernel reserves
    # sparse, ragged and byte memory.  Called by several threads at once, each with its own frame.
    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil
