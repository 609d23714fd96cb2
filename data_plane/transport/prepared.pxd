# A choice of outputs of one plan, prepared for requests: the order of inputs, the program, the constant bytes.
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.answers cimport Output, Values
from pretzel.data_plane.transport.columns cimport Input
from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.wire cimport Span
from pretzel.kernels.frame cimport Frame
from pretzel.kernels.program cimport Program, Run

# Bytes that a request allocates (engine/footprint.py).
cdef struct Need:
    int64_t answer
    int64_t total


cdef class Prepared:
    cdef Program program
    cdef readonly object executable, cost, footprint
    cdef readonly bint exact
    cdef readonly bint gathers  # whether its inputs and outputs are dense numbers, so that requests may run as one
    cdef double ended           # when the last long run on the event loop ended
    cdef double crowded_until   # until when requests are expected that wait for each other
    cdef Input* inputs
    cdef Output* outputs
    cdef int* places        # of each input's column in the last request, as it was found there
    cdef int input_count, output_count
    cdef int64_t answer_row, answer_fixed, passed, frame_row, piled_row, block
    cdef list kept          # owns the bytes of inputs and outputs

    # Puts the columns of a request into the order of the inputs; false unless all fit, as the ordinary path decides.
    cdef bint accepts(self, Request request) noexcept nogil
    cdef bint arrange(self, Request request) noexcept nogil
    # Bytes of the columns as the cost model counts them.
    cdef int64_t size_of(self, Request request) noexcept nogil
    cdef Need need(self, int64_t rows, int64_t size) noexcept nogil
    # Runs over an accepted request; returns OK or why it stopped.
    cdef int run(self, Frame* frame, Request request, Run* run) noexcept nogil
    # The values of the outputs after a run that returned OK, for the caller to free; NULL if they have no form here.
    cdef Values* take(self, Frame* frame, Request request) noexcept nogil

    # Run requests as one: make room for so many rows, copy each request's to its place, and after `take` of one request
    # go on to the next.
    cdef int reserve_rows(self, Frame* frame, int64_t rows) noexcept nogil
    cdef void copy_rows(self, Frame* frame, Request request, int64_t first) noexcept nogil
    cdef void pass_rows(self, Frame* frame, int64_t rows) noexcept nogil

    cdef _set_input(self, Input* taken, item)
    cdef _set_output(self, Output* output, name, source, made)
    cdef Span _keep(self, bytes part) except *
