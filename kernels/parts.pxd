# One run of a program on several threads.
from libc.stdint cimport int64_t

from pretzel.kernels.frame cimport Frame, Slot
from pretzel.kernels.piles cimport Piece, Piles
from pretzel.kernels.program cimport Program, Run, Split
from pretzel.kernels.team cimport Task, Team, Work


cdef class Parts(Split):
    cdef Team team
    cdef Program program
    cdef Piles piles
    cdef list workspaces
    cdef Frame** frames      # of each worker, or of each part if the program takes all rows as one block
    cdef int64_t* piled      # rows that each of them has in piles
    cdef Piece* pieces       # for each sparse output, the rows of each part; NULL before they are known
    cdef Slot* target        # where they are copied to, and
    cdef int copied          # of which sparse output they are
    cdef int count, width
    cdef int64_t part_rows, used
    cdef Run whole
    cdef Task task
    cdef volatile int status, failed
    cdef readonly double helped

    cdef bint pays(self, Frame* frame, Run* run) noexcept nogil
    cdef int probe(self, Frame* frame, Run* run) noexcept nogil
    cdef int run_parts(self, Frame* frame, Run* run) noexcept nogil
    cdef void share(self, Work work) noexcept nogil
    cdef int64_t rows_of_part(self, int64_t rows) noexcept nogil
    cdef int prepare(self, Frame* frame) noexcept nogil
    cdef int place_texts(self, Frame* frame) noexcept nogil
    cdef void run_part(self, int part, int worker) noexcept nogil
    cdef int run_rows(self, Frame* frame, Run* run, int64_t first, int64_t last, int64_t* piled) noexcept nogil
    cdef void note_pieces(self, int part, Frame* frame, int64_t before) noexcept nogil
    cdef int join(self, Frame* frame) noexcept nogil
    cdef int64_t stored(self, int k) noexcept nogil
    cdef void copy_pieces(self, int k, Slot* target) noexcept nogil
    cdef void copy_part(self, int part) noexcept nogil
    cdef int64_t rows_in(self, int part) noexcept nogil
