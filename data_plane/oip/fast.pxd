# The hot path of the Open Inference Protocol, from the bytes of a request to those of its response.
from libc.stdint cimport int64_t

from pretzel.data_plane.oip.counted cimport Counted
from pretzel.data_plane.oip.decode cimport InferRequest
from pretzel.data_plane.oip.matrix cimport Cut
from pretzel.data_plane.oip.prepared cimport Tensors
from pretzel.data_plane.traffic.fork cimport Fork, Sample
from pretzel.data_plane.transport.answers cimport Values
from pretzel.data_plane.transport.runner cimport Layout, Runner


# A route, the numbers of its version, and the constant start of its responses.
cdef class InferTarget(Layout):
    cdef readonly object entry
    cdef object tally, calls
    cdef object figures        # counts the calls of a branch; None for most
    cdef str model, reference  # the name, and the one in requests
    cdef Counted counted
    cdef bytes head
    cdef object version
    cdef Cut cut               # made by the first matrix
    cdef Sample sample         # which calls are copied to a shadow; None for most
    cdef Fork fork             # splits the calls of an alias; None for most
    cdef tuple branches        # the targets of its branches

    cdef object repeated(self, tuple kept, double begun)
    cdef int observe(self, double seconds, rows) except -1
    # Puts columns into the place of a matrix, if the model takes those.
    cdef bint accept_matrix(self, InferRequest request, Tensors tensors) except -1
    # The size of what precedes the outputs in a response, and its writer.
    cdef int64_t measure(self, InferRequest request) noexcept
    cdef char* begin(self, char* to, InferRequest request) noexcept
    cdef bytes written(self, Tensors tensors, InferRequest request, Values* values, int64_t most, int64_t* taken)


cdef class FastInfer:
    cdef object router, statistics, tally, results
    cdef Runner runner
    cdef dict targets        # by the name in a request, with its version if it has one
    cdef dict spellings      # the names of targets by the reference of their route

    cdef object answered(self, bytes message, double deadline, bint streamed, origin)
    cdef object infer(self, InferRequest request, double deadline, origin)
    cdef InferTarget made(self, route, str reference)
    cdef InferTarget target(self, InferRequest request)
    cdef InferTarget find(self, key)
    cdef Tensors tensors(self, InferTarget target, InferRequest request)
    cdef Tensors prepare(self, InferTarget target, bytes key, InferRequest request)
