"""The hot path of predictions: from the bytes of a request to those of its response, with few Python objects.

It answers requests that are usual and valid, for models that are resident.  For everything else it returns None: the
caller takes the ordinary path, which decides alike and has the messages of the errors.
"""

import time

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint64_t

from pretzel.data_plane.transport.answers cimport Envelope
from pretzel.data_plane.transport.decode cimport Request, names_in
from pretzel.data_plane.transport.job cimport Job, make_job
from pretzel.data_plane.transport.prepared cimport Need, Prepared
from pretzel.data_plane.transport.wire cimport Span
from pretzel.kernels.frame cimport OK, Frame, Workspace, now
from pretzel.kernels.program cimport Run

from pretzel.data_plane.scheduling.policy import SMALL_BYTES
from pretzel.data_plane.transport.parts import number_field, text_field
from pretzel.engine import Executable
from pretzel.engine.workspaces import KEEP_BYTES
from pretzel.errors import NotFoundError, PretzelError

cdef enum:
    MODEL = 1                # fields of a response
    VERSION = 2
    MOST_NAME = 1 << 10      # bytes of a model's name that is kept as a key, and
    MOST_OUTPUTS = 1 << 12   # of the names of outputs
    MOST_CHOICES = 64        # choices of outputs that are kept per plan, because callers make them

cdef int64_t KEPT_FRAME = KEEP_BYTES


cdef class Target:
    """A route, and the constant start of its responses."""

    def __init__(self, route):
        self.route, self.entry, self.calls = route, route.entry, route.calls
        version = route.version
        self.head = text_field(MODEL, version.model.encode()) + number_field(VERSION, version.version)

    cdef Envelope envelope(self, bint streamed, uint64_t id):
        return Envelope(Span(PyBytes_AS_STRING(self.head), PyBytes_GET_SIZE(self.head)), streamed, id)

    cdef int observe(self, double seconds, int64_t rows) except -1:
        self.calls.observe(seconds)
        self.calls.rows += rows


cdef class FastPredict:
    """Answers the bytes of requests, on one event loop.

    A result is the bytes of the response, or an awaitable of them for an expensive request, or None if the ordinary
    path must answer; an awaitable may result in None too.  An awaitable raises the errors of the request engine, and
    those of a value that the model refuses.
    """

    def __init__(self, router, engine, int64_t most_bytes=64 << 20):
        """Answer by the router's routes while their plans are resident, with at most that many bytes per response."""
        self.router, self.engine, self.most_bytes = router, engine, most_bytes
        self.targets, self.generation = {}, -1
        self.request, self.workspace = Request(), Workspace()
        limits = engine.limits
        self.inline_seconds, self.share = limits.inline_seconds, engine.share
        self.small_bytes, self.answer_bytes = min(SMALL_BYTES, limits.memory), min(limits.answer, most_bytes)

    def answer(self, bytes message not None, double deadline=0.0):
        """Answer a PredictRequest.  ``deadline`` is a time of ``time.monotonic()``, 0 for none."""
        cdef double begun = now()
        return self.predict(False, deadline, begun) if self.request.read_predict(message) else None

    def answer_streamed(self, bytes message not None, double deadline=0.0):
        """Answer a PredictStreamRequest with a PredictStreamResponse."""
        cdef double begun = now()
        return self.predict(True, deadline, begun) if self.request.read_stream(message) else None

    cdef object predict(self, bint streamed, double deadline, double begun):
        cdef Request request = self.request
        cdef Target target = self.target()
        cdef Prepared prepared = None if target is None else self.prepared(target)
        cdef int64_t rows, size
        cdef Need need
        cdef Job job
        if prepared is None or not prepared.accepts(request):
            return None
        rows, size = request.columns[0].rows, prepared.size_of(request)
        need = prepared.need(rows, size)
        target.entry.used = begun
        if need.total > self.small_bytes or need.answer > self.answer_bytes or (
            prepared.cost.expected(size, rows) > self.inline_seconds
        ):
            job = make_job(request, prepared, size, deadline)
            job.envelope, job.owner, job.most_bytes = target.envelope(streamed, request.id), target, self.most_bytes
            self.request = Request()
            return self._later(job, target, begun)
        if deadline and deadline <= begun:
            return None
        answer = self.inline(prepared, target, streamed, size)
        if answer is not None:
            target.observe(now() - begun, rows)
        return answer

    async def _later(self, Job job, Target target, double begun):
        answer = await self.engine.execute(job)
        if answer is not None:
            target.observe(now() - begun, job.rows)
        return answer

    cdef Target target(self):
        """Return the target of the request's model, or None."""
        if self.router.generation != self.generation:
            self.targets, self.generation = {}, self.router.generation
        if self.request.model.length > MOST_NAME:
            return None
        key = self.request.model.at[:self.request.model.length]
        target = self.targets.get(key)
        return self.find(key) if target is None else target

    cdef Target find(self, bytes key):
        try:
            target = Target(self.router.find(key.decode()))
        except (PretzelError, UnicodeDecodeError):
            return None
        self.targets[key] = target
        return target

    cdef Prepared prepared(self, Target target):
        """Return what is prepared for the request's outputs, or None.  An eviction removes it from the entry."""
        if self.request.outputs.length > MOST_OUTPUTS:
            return None
        key = self.request.outputs.at[:self.request.outputs.length]
        prepared = target.entry.prepared.get(key, self)
        return self.prepare(target, key) if prepared is self else prepared

    cdef Prepared prepare(self, Target target, bytes key):
        entry = target.entry
        # A process that looks for the cause of crashes records each run, which only the ordinary path does.
        if type(entry.executable) is not Executable:
            return None
        try:
            names = tuple(dict.fromkeys(name.decode() for name in names_in(self.request.outputs))) or None
            prepared = Prepared(entry.executable, names, entry.cost_of(names))
        except (NotFoundError, UnicodeDecodeError):
            return None
        except NotImplementedError:
            prepared = None
        if len(entry.prepared) >= MOST_CHOICES:
            entry.prepared.clear()
        entry.prepared[key] = prepared
        return prepared

    cdef bytes inline(self, Prepared prepared, Target target, bint streamed, int64_t size):
        """Run on the event loop, with the GIL: a run is shorter than a switch of threads.  None if it stopped."""
        cdef Frame* frame = prepared.program.begin(self.workspace)
        cdef Run run = Run(self.request.columns[0].rows, 0.0, NULL, 0 if prepared.exact else self.share, 0)
        cdef Envelope envelope = target.envelope(streamed, self.request.id)
        cdef int64_t taken = 0
        cost = prepared.cost
        learns = cost.learns
        start = time.thread_time() if learns else 0.0
        if prepared.run(frame, self.request, &run) != OK:
            cost.runs -= 1  # the ordinary path repeats the run
            return None
        if learns:
            cost.learn(size, time.thread_time() - start)
        answer = prepared.respond(frame, self.request, &envelope, self.most_bytes, &taken)
        if not prepared.exact and self.workspace.nbytes > KEPT_FRAME:
            self.workspace = Workspace()
        return answer
