# The program as callers in C use it: `begin`, then an origin for each input's slot, then `execute`, and the values of
# `output` after that.  memory.pxd points slots at plain memory.
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Frame, Slot, Workspace
from pretzel.kernels.noted cimport Note
from pretzel.kernels.piles cimport Piles
from pretzel.kernels.shapes cimport Shape

cdef struct Observed:
    double seconds
    int64_t entries

cdef struct Step:
    PyObject* kernel       # borrowed: the program's tuple owns it
    int first_input        # position of this step's first input in `reads`
    int output

# A run of a program over one request.
cdef struct Run:
    int64_t rows
    double deadline        # on the monotonic clock, in seconds; 0 for none
    const volatile int* raised  # not zero once the caller cancels; NULL if it cannot
    int64_t most           # limit in bytes for the values of a block whose sizes their types do not fix; 0 for none
    int failed             # the last step that was started
    int64_t* used          # shared by all threads: bytes of the parts of one block, or of piles; NULL for none
    PyObject* split        # the Split that runs it on several threads, borrowed; NULL for none


cdef class Token:
    cdef volatile int raised


# A way to run a program on several threads (parts.pyx).
cdef class Split:
    # Runs over inputs and outputs that are in place in `frame`, which holds the outputs afterwards.
    cdef int run(self, Program program, Frame* frame, Run* run) noexcept nogil
    # Whether sparse outputs may stay in pieces, for `take_rows`.
    cdef bint keeps_pieces
    # The values, columns and starts of the i-th output, which is sparse; None if they are in the frame.
    cdef tuple take_rows(self, int i, dtype)


cdef class Program:
    cdef tuple kernels, types, forms
    cdef Shape* shapes
    cdef Step* steps
    cdef int* reads
    cdef int* returns
    cdef int slot_count, input_count, step_count, output_count, read_count
    cdef int64_t block
    cdef bint one_block
    cdef Piles piles         # where blocks leave the rows of sparse outputs
    cdef Note noted          # of its plans, which are recorded while it runs
    cdef double row_seconds  # processor time of a row in large runs; 0 before the first

    # Makes the frame's slots ready; no slot has memory of a caller yet.
    cdef Frame* begin(self, Workspace workspace) except NULL
    # Runs over inputs that are in place, and keeps the outputs in the frame.  Returns OK or why it stopped.
    cdef int execute(self, Frame* frame, Run* run) noexcept nogil
    # The i-th output's slot and shape after `execute`, until the frame's next run.
    cdef inline Slot* output(self, Frame* frame, int i) noexcept nogil:
        return &frame.slots[self.returns[i]]

    cdef inline Shape* shape(self, int i) noexcept nogil:
        return &self.shapes[self.returns[i]]

    # Raises the exception of a run that stopped.
    cdef fail(self, Frame* frame, int status, Run* run)

    cdef int place_outputs(self, Frame* frame, int64_t rows) noexcept nogil
    cdef list make_outputs(self, Frame* frame, int64_t rows)
    cdef int bind_inputs(self, Frame* frame, list columns) except -1
    cdef int run_all(self, Frame* frame, Run* run) noexcept nogil
    cdef int run_blocks(self, Frame* frame, Run* run, Observed* observed) noexcept nogil
    cdef int run_block(self, Frame* frame, Run* run, Observed* observed) noexcept nogil
    cdef int place(self, Frame* frame, int64_t first) noexcept nogil
    cdef int step(self, Frame* frame, int i) noexcept nogil
    cdef int observe(self, Frame* frame, int i, Observed* observed) noexcept nogil
    cdef int inputs_of(self, int i) noexcept nogil
    cdef collect(self, Frame* frame, int i, int64_t rows, Split split)
