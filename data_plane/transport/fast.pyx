"""The hot path of predictions: from the bytes of a request to those of its response, with few Python objects.

It answers requests that are usual and valid, for models that are resident.  For everything else it returns None: the
caller takes the ordinary path, which decides alike and has the messages of the errors.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdlib cimport free

from pretzel.data_plane.transport.answers cimport Envelope, Values, enveloped, measure, write_response
from pretzel.data_plane.transport.decode cimport Request, names_in
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.runner cimport Layout, Runner, SharedLook
from pretzel.data_plane.transport.wire cimport Span
from pretzel.kernels.frame cimport Frame, now

from pretzel.data_plane.measure.counters import Tally
from pretzel.data_plane.transport.parts import number_field, text_field
from pretzel.errors import NotFoundError, PretzelError

cdef enum:
    MODEL = 1                # fields of a response
    VERSION = 2
    MOST_NAME = 1 << 10      # bytes of a model's name that is kept as a key, and
    MOST_OUTPUTS = 1 << 12   # of the names of outputs
    MOST_TARGETS = 1 << 16   # spellings of models that are kept: `m@1` and `m@01` are the same
    MOST_CHOICES = 64        # choices of outputs that are kept per plan, because callers make them
    UNLOCKED = 1 << 16       # bytes from which a response is written without the GIL


cdef class Target(Layout):
    """A route, and the constant start of its responses."""

    def __init__(self, route, str reference, tally, results):
        self.entry, self.calls, self.reference, self.tally = route.entry, route.calls, reference, tally
        self.figures = route.figures
        self.results = results.of(route.version, "Predict") if results is not None else None
        if route.copier is not None:
            self.sample, self.copier = route.copier.sample, route.copier
        self.head = text_field(MODEL, route.version.model.encode()) + number_field(VERSION, route.version.version)

    cdef int record(self, tuple measured) except -1:
        seconds, rows = measured
        self.calls.observe(seconds)
        self.calls.rows += rows
        if self.figures is not None:
            self.figures.observe(seconds)

    cdef object repeated(self, tuple kept, double begun):
        """Return a kept answer, counted."""
        answer, rows = kept
        self.entry.used = begun
        self.record((now() - begun, rows))
        return answer

    cdef object failed(self, error, double seconds, Request request):
        if not isinstance(error, Exception):  # a cancelled call has no status
            return error
        if request.streamed:  # its error is a response, and the stream continues
            return None
        if self.figures is not None:
            self.figures.failed(error)
        self.tally.error("Predict", self.reference, getattr(error, "code", "INTERNAL"))
        return error

    cdef bint intact(self, double since) except -1:
        proof = self.entry.proof
        return proof is not None and proof.holds(since)

    cdef bytes respond(self, Prepared prepared, Frame* frame, Request request, int64_t most, int64_t* taken):
        cdef Span head = Span(PyBytes_AS_STRING(self.head), PyBytes_GET_SIZE(self.head))
        cdef Envelope envelope
        cdef int64_t rows = request.columns[0].rows, columns
        cdef Values* values = prepared.take(frame, request)
        cdef bytes answer
        cdef char* to
        if values == NULL:
            return None
        envelope.head, envelope.streamed, envelope.id = head, request.streamed, request.id
        try:
            columns = measure(values, prepared.outputs, prepared.output_count, rows)
            taken[0] = enveloped(&envelope, columns)
            if taken[0] > most:
                return None
            answer = PyBytes_FromStringAndSize(NULL, taken[0])
            to = PyBytes_AS_STRING(answer)
            if taken[0] < UNLOCKED:
                write_response(to, &envelope, values, prepared.outputs, prepared.output_count, rows, columns)
                return answer
            with nogil:
                write_response(to, &envelope, values, prepared.outputs, prepared.output_count, rows, columns)
            return answer
        finally:
            free(values)


async def copied_later(answering, bytes message, bint streamed, copier):
    """Return an answer that is computed elsewhere, once a copy of it waits for a shadow."""
    answered = await answering
    if type(answered) is bytes:
        copier.copy_message(message, answered, streamed)
    return answered


cdef class FastPredict:
    """Answers the bytes of requests, on one event loop.

    A result is the bytes of the response, or an awaitable of them for an expensive request, or None if the ordinary
    path must answer; an awaitable may result in None too.  An awaitable of a PredictRequest raises the errors of the
    request engine, and those of a value that the model refuses.
    """

    def __init__(self, router, engine, int64_t most_bytes=64 << 20, tally=None, results=None):
        """Answer by the router's routes while their plans are resident, with at most that many bytes per response.

        ``results`` are the answers that models keep.
        """
        self.results = results
        self.router, self.runner, self.tally = router, Runner(engine, most_bytes), tally or Tally()
        self.targets = {}
        router.on_move.append(self.forget)

    def share(self, SharedLook look not None):
        """Leave looks at files to ``look`` while it is open."""
        self.runner.look = look

    def forget(self, references):
        """Find these references again: their routes may have moved."""
        for reference in references:
            self.targets.pop(reference.encode(), None)

    def answer(self, bytes message not None, double deadline=0.0, origin=None):
        """Answer a PredictRequest.  ``deadline`` is a time of ``time.monotonic()``, 0 for none.

        ``origin`` is the call, by which the branch of a split alias is chosen.
        """
        cdef double begun = now()
        answered = self.predict(deadline, begun, origin) if self.runner.request.read_predict(message) else None
        self.runner.request.message = None  # a large message must not outlive its call
        return answered

    def answer_streamed(self, bytes message not None, double deadline=0.0, origin=None):
        """Answer a PredictStreamRequest with a PredictStreamResponse."""
        cdef double begun = now()
        answered = self.predict(deadline, begun, origin) if self.runner.request.read_stream(message) else None
        self.runner.request.message = None
        return answered

    cdef object predict(self, double deadline, double begun, origin):
        cdef Target target = self.target()
        cdef Prepared prepared
        if target is None:
            return None
        if target.fork is not None:
            target = <Target>target.branches[target.fork.place(origin)]
        if target.results is not None and not self.runner.request.streamed:
            kept = target.results.get(self.runner.request.message)
            if kept is not None and not (deadline and deadline <= begun):
                refusal = self.runner.present.charge(kept[1])
                if refusal is not None:
                    return target.failed(refusal, now() - begun, self.runner.request)
                if target.sample is not None and target.sample.takes(origin):
                    target.copier.copy_message(self.runner.request.message, kept[0], False)
                return target.repeated(kept, begun)
        prepared = self.prepared(target)
        if prepared is None:
            return None
        target.entry.used = begun
        if target.sample is None or not target.sample.takes(origin):
            return self.runner.answer(prepared, target, deadline, begun)
        return self.copied(prepared, target, deadline, begun)

    cdef object copied(self, Prepared prepared, Target target, double deadline, double begun):
        """Answer a call, and copy it and its answer for a shadow."""
        cdef SharedLook look = self.runner.look
        cdef bint streamed = self.runner.request.streamed
        message = self.runner.request.message
        self.runner.look = None  # a shared look may withdraw the answer later
        try:
            answered = self.runner.answer(prepared, target, deadline, begun)
        finally:
            self.runner.look = look
        if type(answered) is bytes:
            target.copier.copy_message(message, answered, streamed)
        elif answered is not None and not isinstance(answered, Exception):
            return copied_later(answered, message, streamed, target.copier)
        return answered

    cdef Target target(self):
        """Return the target of the request's model, or None."""
        cdef Request request = self.runner.request
        if request.model.length > MOST_NAME:
            return None
        key = request.model.at[:request.model.length]
        target = self.targets.get(key)
        return self.find(key) if target is None else target

    cdef Target find(self, bytes key):
        try:
            reference = key.decode()
            target = self.made(self.router.find(reference), reference)
        except (PretzelError, UnicodeDecodeError):
            return None
        if len(self.targets) >= MOST_TARGETS:
            self.targets.clear()
        self.targets[key] = target
        return target

    cdef Target made(self, route, str reference):
        """Return the target of a route, with those of its branches if it has a fork."""
        cdef Target target = Target(route, reference, self.tally, self.results)
        if route.fork is not None:
            target.fork = route.fork
            target.branches = tuple([self.made(branch, reference) for branch in target.fork.branches])
        return target

    cdef Prepared prepared(self, Target target):
        """Return what is prepared for the request's outputs, or None.  An eviction removes it from the entry."""
        cdef Request request = self.runner.request
        if request.outputs.length > MOST_OUTPUTS:
            return None
        key = request.outputs.at[:request.outputs.length]
        prepared = target.entry.prepared.get(key, self)
        return self.prepare(target, key) if prepared is self else prepared

    cdef Prepared prepare(self, Target target, bytes key):
        entry = target.entry
        if entry.executable is None:
            return None
        try:
            names = tuple(dict.fromkeys(name.decode() for name in names_in(self.runner.request.outputs))) or None
            prepared = Prepared(entry.executable, names, entry.cost_of(names))
        except (NotFoundError, UnicodeDecodeError):
            return None
        except NotImplementedError:
            prepared = None
        if len(entry.prepared) >= MOST_CHOICES:
            entry.prepared.clear()
        entry.prepared[key] = prepared
        entry.grow()
        return prepared
