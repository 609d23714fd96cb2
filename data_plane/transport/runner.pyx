"""Runs accepted requests under the policy of the request engine: cheap ones at once, expensive ones on its threads."""

import time
from functools import partial

from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Need, Prepared
from pretzel.kernels.frame cimport OK, REFUSED, Frame, Workspace, now
from pretzel.kernels.parts cimport Parts
from pretzel.kernels.program cimport Run, Token

from pretzel.data_plane.scheduling.gathering import MOST_EACH as _MOST_EACH
from pretzel.data_plane.scheduling.memory import too_large
from pretzel.data_plane.scheduling.policy import NORMAL, SMALL_BYTES
from pretzel.data_plane.scheduling.turn import ALONE
from pretzel.data_plane.transport.meter import PRESENT
from pretzel.engine.workspaces import KEEP_BYTES, guarded
from pretzel.errors import PretzelError
from pretzel.kernels.parts import learn_run

cdef int64_t KEPT_FRAME = KEEP_BYTES
cdef int64_t MOST_EACH = _MOST_EACH
cdef double BRIEF = 20e-6
cdef double HANDED_OVER = 100e-6  # seconds of a request that are worth the way to a thread, if it meets others there
cdef double CLOSE = 100e-6        # seconds after a run within which a next call did not wait for the answer to it
cdef double LINGER = 0.02         # seconds after such a call in which others are expected


cdef class Layout:
    """The form of a response, and the numbers that count its call."""

    def __cinit__(self):
        self.times = 1

    cdef bytes respond(self, Prepared prepared, Frame* frame, Request request, int64_t most, int64_t* taken):
        raise NotImplementedError

    cdef tuple measured(self, double seconds, Request request):
        return seconds, request.columns[0].rows

    cdef int record(self, tuple measured) except -1:
        raise NotImplementedError

    cdef object failed(self, error, double seconds, Request request):
        raise NotImplementedError

    cdef bint intact(self, double since) except -1:
        raise NotImplementedError


cdef class Job:
    """An accepted request, as :class:`pretzel.data_plane.scheduling.turn.Job` has it."""

    def compute(self, Token token not None, int64_t most, helpers=None):
        """Run and return the bytes of the response; None if it has no form here."""
        self.cost.runs += 1
        if helpers is None:
            return guarded(partial(self.run, token, most, None))
        with helpers.split(self.prepared.program, self.rows) as split:
            return guarded(partial(self.run, token, most, split))

    def run(self, Token token, int64_t most, Parts split, Workspace workspace):
        """Run in a workspace, and measure processor time: time spent waiting for the GIL is not a cost of the plan."""
        cdef Frame* frame = self.prepared.program.begin(workspace)
        cdef Run run = Run(self.rows, self.deadline, &token.raised, most, 0, NULL, NULL)
        cdef int status
        run.split = <PyObject*>split if split is not None else NULL
        start = time.thread_time()
        with nogil:
            status = self.prepared.run(frame, self.request, &run)
        if status != OK:
            self.prepared.program.fail(frame, status, &run)
        seconds = time.thread_time() - start + (split.helped if split is not None else 0.0)
        if split is None:
            learn_run(self.prepared.program, seconds, self.rows)
        self.cost.learn(self.size, seconds)
        if self.program is not None:
            self.cost.by_rows.learn(self.rows, seconds)
        return self.respond(frame)

    cdef bytes respond(self, Frame* frame):
        cdef int64_t taken = 0
        answer = self.layout.respond(self.prepared, frame, self.request, self.most_bytes, &taken)
        if answer is None and taken > self.most_bytes:
            raise too_large(taken, self.most_bytes)
        return answer

    def compute_with(self, others, Token token not None, double deadline):
        """Run as one with other jobs of the same program, and return for each its response, its error, or ALONE."""
        return guarded(partial(self.run_with, [self, *others], token, deadline))

    def run_with(self, list jobs, Token token, double deadline, Workspace workspace):
        """Run in a workspace; a job whose row is rejected is left out, but only one: others may be invalid too."""
        cdef Frame* frame = self.prepared.program.begin(workspace)
        cdef Run run = Run(0, deadline, &token.raised, 0, 0, NULL, NULL)
        cdef int status
        members = list(jobs)
        gather_rows(frame, self.prepared, members, &run)
        start = time.thread_time()
        with nogil:
            status = self.prepared.program.execute(frame, &run)
        if status == REFUSED and len(jobs) > 2:
            del members[position(members, frame.first_row + frame.row)]
            gather_rows(frame, self.prepared, members, &run)
            start = time.thread_time()
            with nogil:
                status = self.prepared.program.execute(frame, &run)
        if status != OK:
            self.prepared.program.fail(frame, status, &run)
        self.cost.by_rows.learn(run.rows, time.thread_time() - start)
        answers = dict(zip(members, responses(frame, self.prepared, members), strict=True))
        return [answers.get(job, ALONE) for job in jobs]


cdef int gather_rows(Frame* frame, Prepared prepared, list jobs, Run* run) except -1:
    """Copy the rows of the jobs into the inputs, one after another."""
    cdef Job job
    run.rows = sum([job.rows for job in jobs])
    if prepared.reserve_rows(frame, run.rows) != OK:
        raise MemoryError("no memory for the rows of several requests")
    cdef int64_t first = 0
    for job in jobs:
        prepared.copy_rows(frame, job.request, first)
        first += job.rows


cdef int position(list jobs, int64_t row) except -1:
    """Return the position of the job with this row."""
    cdef Job job
    cdef int i
    for i, job in enumerate(jobs):
        row -= job.rows
        if row < 0:
            return i
    raise IndexError("a row of no job")


cdef list responses(Frame* frame, Prepared prepared, list jobs):
    """Return the response of each job, or its error."""
    cdef Job job
    cdef list found = []
    for job in jobs:
        job.cost.runs += 1
        try:
            found.append(job.respond(frame))
        except PretzelError as error:
            found.append(error)
        prepared.pass_rows(frame, job.rows)
    return found


cdef class SharedLook:
    """One look at files for the answers of several calls, or messages of a stream, that arrived together.

    A look proves all bytes that were read before it, so a batch of runs needs only one, after the last.  The caller of
    :meth:`open` holds the answers that follow until :meth:`close`, which returns whether they may be released.
    """

    def __init__(self):
        self.opened, self.answers, self.since = False, [], 0.0

    def open(self):
        """Leave the look at the files of further answers to :meth:`close`."""
        self.opened = True

    def close(self):
        """Return whether no file of an answer since :meth:`open` was changed during its run; then all are counted."""
        answers, self.answers, self.opened = self.answers, [], False
        for layout in {layout for layout, _ in answers}:
            if not (<Layout>layout).intact(self.since):
                return False
        for layout, measured in answers:
            (<Layout>layout).record(measured)
        return True

    cdef int add(self, Layout layout, tuple measured, double begun) except -1:
        if not self.answers:
            self.since = begun
        self.answers.append((layout, measured))


cdef class Runner:
    """Runs requests of one event loop, one at a time, and those of the engine's threads."""

    def __init__(self, engine, int64_t most_bytes):
        limits = engine.limits
        self.engine, self.most_bytes, self.share = engine, most_bytes, engine.share
        self.inline_seconds, self.gather_rows = limits.inline_seconds, engine.gather_rows
        self.small_bytes, self.answer_bytes = min(SMALL_BYTES, limits.memory), min(limits.answer, most_bytes)
        self.request, self.workspace, self.look = Request(), Workspace(), None
        self.present = PRESENT

    cdef object answer(self, Prepared prepared, Layout layout, double deadline, double begun):
        cdef int64_t rows, size
        cdef double expected
        if not prepared.accepts(self.request):
            return None
        rows, size = self.request.columns[0].rows, prepared.size_of(self.request)
        refusal = self.present.charge(rows * layout.times)
        if refusal is not None:
            return None if self.request.streamed else layout.failed(refusal, now() - begun, self.request)
        expected = prepared.cost.expected(size, rows)
        if not self.is_small(prepared, rows, size, expected) or (
            expected >= HANDED_OVER and self.is_gathered(prepared, rows, begun)
        ):
            refusal = None if self.request.streamed else self.engine.refusal(prepared.cost, size, rows)
            if refusal is not None:
                return layout.failed(refusal, now() - begun, self.request)
            return self._later(self.job(prepared, layout, size, deadline), begun)
        if deadline and deadline <= begun:
            return None
        answer = self.inline(prepared, layout, size, expected <= BRIEF)
        if expected >= HANDED_OVER:
            prepared.ended = now()
        if layout.results is None and answer is not None and self.holds():
            self.look.add(layout, layout.measured(now() - begun, self.request), begun)
            return answer
        return self.released(answer, prepared, layout, self.request, begun)

    cdef bint is_gathered(self, Prepared prepared, int64_t rows, double begun) except -1:
        """Return whether a request should leave the event loop for others of its program, which arrive while it runs.

        The last one ran when this one arrived, or some wait already.  A stream has one request at a time, however
        close they are.
        """
        cdef bint close = begun - prepared.ended < CLOSE and not self.request.streamed
        if self.gather_rows < 2 or not prepared.gathers or rows > MOST_EACH:
            return False
        if close or prepared.cost.queued > 0:
            prepared.crowded_until = begun + LINGER
        return begun < prepared.crowded_until and prepared.cost.by_rows.promises

    cdef bytes released(self, bytes answer, Prepared prepared, Layout layout, Request request, double begun):
        """Return an answer, counted; None if files were changed during its run, which the ordinary path repeats."""
        if answer is None or not layout.intact(begun):
            return None
        layout.record(layout.measured(now() - begun, request))
        if layout.results is not None and not request.streamed:
            rows = request.columns[0].rows
            layout.results.put(request.message, answer, rows, prepared.cost.expected(prepared.size_of(request), rows))
        return answer

    cdef bint holds(self) noexcept:
        """Return whether the caller looks at the files of several answers."""
        return self.look is not None and self.look.opened

    cdef bint is_small(self, Prepared prepared, int64_t rows, int64_t size, double expected) noexcept nogil:
        cdef Need need = prepared.need(rows, size)
        return need.total <= self.small_bytes and need.answer <= self.answer_bytes and expected <= self.inline_seconds

    cdef bytes inline(self, Prepared prepared, Layout layout, int64_t size, bint brief):
        """Run on the event loop; None if the run stopped."""
        cdef Frame* frame = prepared.program.begin(self.workspace)
        cdef Run run = Run(self.request.columns[0].rows, 0.0, NULL, 0 if prepared.exact else self.share, 0, NULL, NULL)
        cdef int64_t taken = 0
        cdef int status
        cost = prepared.cost
        learns = cost.learns
        start = time.thread_time() if learns else 0.0
        if brief:  # shorter than a switch of threads: the GIL is kept
            status = prepared.run(frame, self.request, &run)
        else:
            with nogil:
                status = prepared.run(frame, self.request, &run)
        if status != OK:
            cost.runs -= 1  # the ordinary path repeats the run
            return None
        if learns:
            cost.learn(size, time.thread_time() - start)
        answer = layout.respond(prepared, frame, self.request, self.most_bytes, &taken)
        if not prepared.exact and self.workspace.nbytes > KEPT_FRAME:
            self.workspace = Workspace()
        return answer

    cdef Job job(self, Prepared prepared, Layout layout, int64_t size, double deadline):
        cdef Job job = Job()
        job.request, job.prepared, job.layout, job.size = self.request, prepared, layout, size
        job.rows, job.deadline = self.request.columns[0].rows, deadline
        job.cost, job.need = prepared.cost, prepared.footprint.need(job.rows, size)
        job.most_bytes, job.level, job.waits = self.most_bytes, NORMAL, self.request.streamed
        job.program = prepared if prepared.gathers and job.rows else None
        self.request = type(self.request)()
        return job

    async def _later(self, Job job, double begun):
        try:
            answer = await self.engine.execute(job, admitted=True)
        except BaseException as error:
            failure = job.layout.failed(error, now() - begun, job.request)
            if failure is None:
                return None
            raise failure from None
        return self.released(answer, job.prepared, job.layout, job.request, begun)
