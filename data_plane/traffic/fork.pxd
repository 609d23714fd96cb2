# The branches of a split alias.
from libc.stdint cimport uint64_t


cdef class Fork:
    cdef readonly tuple branches   # the routes of its versions
    cdef bytes places              # of the branches, by slot
    cdef uint64_t salt             # by the name of the model: a key has other slots in other models

    # The place of the branch that a call takes; None for one of which nothing is known.
    cdef int place(self, origin) except -1


cdef class Sample:
    cdef int slots
    cdef uint64_t salt

    # Whether a call is copied.
    cdef bint takes(self, origin) except -1


# The point of a call, at which it falls into the slots of all forks; it is drawn when it is first asked for.
cdef uint64_t point_of(origin) except? 0
