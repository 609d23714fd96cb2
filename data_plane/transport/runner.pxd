# Runs accepted requests: on the event loop, or as a job of the request engine on a thread.
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.meter cimport Present
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.kernels.frame cimport Frame, Workspace


# The form of a response, and where its call is counted.
cdef class Layout:
    cdef int64_t times            # a row is scored by so many models
    cdef readonly object results  # the kept answers of the model; None if it keeps none
    # The bytes of the response after a run that returned OK; None if it has no form here or takes more than `most`
    # bytes, which `taken` then holds.
    cdef bytes respond(self, Prepared prepared, Frame* frame, Request request, int64_t most, int64_t* taken)
    # What is counted of an answer: its seconds and rows, and what a protocol adds.
    cdef tuple measured(self, double seconds, Request request)
    # Counts an answer that is released.
    cdef int record(self, tuple measured) except -1
    # The error of a run on a thread as its client sees it, counted; None if the ordinary path must answer.
    cdef object failed(self, error, double seconds, Request request)
    # Whether the mapped bytes were intact during a run that began at this time of the monotonic clock.
    cdef bint intact(self, double since) except -1


cdef class Job:
    cdef Request request
    cdef Prepared prepared
    cdef Layout layout
    cdef int64_t most_bytes
    cdef readonly object cost, need
    cdef readonly object program  # jobs of the same one may run as one; None for a job that runs alone
    cdef readonly int64_t size, rows
    cdef readonly double deadline
    cdef readonly int level
    cdef readonly bint waits      # it is a message of a stream, which is not refused for its wait

    cdef bytes respond(self, Frame* frame)


# Answers that are held until one look at the files that they were computed from.
cdef class SharedLook:
    cdef bint opened
    cdef list answers   # those that are held: the layout of each, and what is counted
    cdef double since   # when the first of their runs began

    cdef int add(self, Layout layout, tuple measured, double begun) except -1


cdef class Runner:
    cdef Request request     # the one that is being answered
    cdef Present present     # the call whose rows are charged
    cdef SharedLook look     # takes over the look at the files of answers while it is open; None for none
    cdef object engine
    cdef Workspace workspace
    cdef double inline_seconds
    cdef int64_t small_bytes, answer_bytes, most_bytes, share, gather_rows

    # The response to the request, if it is accepted: bytes, an awaitable of them, or None.
    cdef object answer(self, Prepared prepared, Layout layout, double deadline, double begun)
    cdef bint is_small(self, Prepared prepared, int64_t rows, int64_t size, double expected) noexcept nogil
    cdef bint is_gathered(self, Prepared prepared, int64_t rows, double begun) except -1
    cdef bytes inline(self, Prepared prepared, Layout layout, int64_t size, bint brief)
    cdef bytes released(self, bytes answer, Prepared prepared, Layout layout, Request request, double begun)
    cdef bint holds(self) noexcept
    cdef Job job(self, Prepared prepared, Layout layout, int64_t size, double deadline)
