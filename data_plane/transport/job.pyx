"""Runs an expensive request on an executor thread, for the request engine."""

import time
from functools import partial

from libc.stdint cimport int64_t

from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.kernels.frame cimport OK, Frame, Workspace
from pretzel.kernels.program cimport Run, Token

from pretzel.data_plane.serve.packing import too_large
from pretzel.engine.workspaces import guarded


cdef Job make_job(Request request, Prepared prepared, int64_t size, double deadline):
    cdef Job job = Job()
    job.request, job.prepared, job.size, job.deadline = request, prepared, size, deadline
    job.rows, job.cost = request.columns[0].rows, prepared.cost
    job.need = prepared.footprint.need(job.rows, size)
    return job


cdef class Job:
    """An accepted request, as :class:`pretzel.data_plane.scheduling.request.Job` has it."""

    def compute(self, Token token not None, int64_t most):
        """Run and return the bytes of the response; None if it has no form here."""
        self.cost.runs += 1
        return guarded(partial(self.run, token, most))

    def run(self, Token token, int64_t most, Workspace workspace):
        """Run in a workspace, and measure the run without the time in which the GIL was awaited."""
        cdef Frame* frame = self.prepared.program.begin(workspace)
        cdef Run run = Run(self.rows, self.deadline, &token.raised, most, 0)
        cdef int64_t taken = 0
        cdef int status
        start = time.thread_time()
        with nogil:
            status = self.prepared.run(frame, self.request, &run)
        if status != OK:
            self.prepared.program.fail(frame, status, &run)
        self.cost.learn(self.size, time.thread_time() - start)
        answer = self.prepared.respond(frame, self.request, &self.envelope, self.most_bytes, &taken)
        if answer is None and taken > self.most_bytes:
            raise too_large(taken, self.most_bytes)
        return answer
