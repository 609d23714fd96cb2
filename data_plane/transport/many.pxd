# One request for many models: the list of models is prepared once, and its program answers for all of them.
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.answers cimport Output, Values
from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.runner cimport Layout, Runner
from pretzel.data_plane.transport.wire cimport Span

# A model of the list.
cdef struct Member:
    Span head              # its fields `model` and `version` in a result
    int first, last        # its outputs among those of the program


# Models whose outputs are alike.
cdef class Block:
    cdef bytes kept
    cdef Span head         # its fields `models` and `versions`
    cdef int* members
    cdef int count

    cdef int64_t size(
        self, const Member* members, const Output* outputs, const Values* values, int64_t rows
    ) noexcept nogil
    cdef char* write(
        self, char* to, const Member* members, const Output* outputs, const Values* values, int64_t rows
    ) noexcept nogil


cdef class Fan(Layout):
    cdef readonly object plans, references, calls
    cdef tuple figures         # those of the branches among its routes
    cdef tuple copiers         # positions of models with shadows, and what copies their calls
    cdef list entries, blocks, kept
    cdef Prepared prepared
    cdef Member* members
    cdef int* separate     # members with a result of their own
    cdef int count, separate_count

    cdef int64_t result_size(self, const Values* values, int member) noexcept nogil
    cdef int64_t size(self, const Values* values, int64_t rows) except -1
    cdef int write(self, char* to, const Values* values, int64_t rows) except -1
    cdef char* write_results(self, char* to, const Values* values, int64_t rows) noexcept nogil


# A list with split aliases: it has a fan for each choice of branches.
cdef class Crossing:
    cdef readonly object plans, references
    cdef readonly tuple forks


cdef class FastMany:
    cdef object router, joint, calls
    cdef Runner runner
    cdef dict fans         # by the fields of a request that name models and outputs

    cdef object predict(self, double deadline, double begun, origin)
    cdef object copied(self, Fan fan, list drawn, double deadline, double begun)
    cdef Fan fan(self, Request request, origin)
    cdef Fan branch(self, Crossing crossing, tuple key, Request request, origin)
    cdef Fan prepare(self, tuple key, Request request, origin)
    cdef object keep(self, tuple key, made)
