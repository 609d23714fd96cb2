# One run of a program on several threads.
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Frame
from pretzel.kernels.program cimport Program, Run, Split
from pretzel.kernels.team cimport Task, Team


cdef class Parts(Split):
    cdef Team team
    cdef Program program
    cdef list workspaces
    cdef Frame** frames      # of each worker, or of each part if the program takes all rows as one block
    cdef Frame* joined       # owns outputs that are made of several frames
    cdef int count, width
    cdef int64_t part_rows, used
    cdef Run whole
    cdef Task task
    cdef volatile int status, failed
    cdef readonly double helped

    cdef bint pays(self, Frame* frame, Run* run) noexcept nogil
    cdef int probe(self, Frame* frame, Run* run) noexcept nogil
    cdef int run_parts(self, Frame* frame, Run* run) noexcept nogil
    cdef int64_t rows_of_part(self, int64_t rows) noexcept nogil
    cdef int prepare(self, Frame* frame) noexcept nogil
    cdef int place_texts(self, Frame* frame) noexcept nogil
    cdef void run_part(self, int part, int worker) noexcept nogil
    cdef int run_rows(self, Frame* frame, Run* run, int64_t first, int64_t last) noexcept nogil
    cdef int join(self, Frame* frame) noexcept nogil
    cdef int join_sparse(self, Frame* frame, int i) noexcept nogil
    cdef int64_t rows_in(self, int part) noexcept nogil
