"""The hot path of the Open Inference Protocol: from the bytes of a request to those of its response.

It takes tensors with raw contents in the datatypes of the model's inputs, and a matrix for columns.  Conversions,
parameters, typed contents, shared memory and classification are left to the ordinary path, as are errors.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdlib cimport free

from pretzel.data_plane.oip.counted cimport Counted
from pretzel.data_plane.oip.decode cimport InferRequest, outputs_in
from pretzel.data_plane.oip.matrix cimport Cut
from pretzel.data_plane.oip.prepared cimport Tensors
from pretzel.data_plane.transport.answers cimport Values
from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.runner cimport Layout, Runner, SharedLook
from pretzel.data_plane.transport.wire cimport Span, field_size, write_head, write_span
from pretzel.kernels.frame cimport Frame, now

from pretzel.data_plane.oip.backend import number_of
from pretzel.data_plane.oip.faults import of_run
from pretzel.data_plane.transport.parts import number_field, text_field
from pretzel.errors import NotFoundError, PretzelError

cdef enum:
    MODEL = 1                # fields of a response
    VERSION = 2
    LABEL = 3
    PARAMETERS = 4
    ANSWER = 2               # a response as a field of a message of a stream
    MOST_NAME = 1 << 10      # bytes of names, versions,
    MOST_OUTPUTS = 1 << 12   # and requested outputs that are kept as keys
    MOST_TARGETS = 1 << 16
    MOST_CHOICES = 64        # choices of outputs that are kept per plan, because callers make them
    UNLOCKED = 1 << 16       # bytes from which a response is written without the GIL

cdef bytes OURS = b"i"       # starts the keys of this protocol among what is prepared for a plan
# The parameter of every response of a stream: the one response of its request.
cdef bytes IS_FINAL = text_field(1, b"triton_final_response") + text_field(2, number_field(1, True))
cdef bytes FINAL = text_field(PARAMETERS, IS_FINAL)


cdef class InferTarget(Layout):
    """A route, the numbers of its version, and the constant start of its responses."""

    def __init__(self, route, str reference, served, tally, results):
        version = self.version = route.version
        self.entry, self.model, self.reference = route.entry, version.model, reference
        self.tally, self.calls, self.counted = tally, None, served.counted
        self.figures = route.figures
        self.results = results.of(version, "ModelInfer") if results is not None else None
        self.head = text_field(MODEL, version.model.encode()) + text_field(VERSION, str(version.version).encode())

    cdef bint accept_matrix(self, InferRequest request, Tensors tensors) except -1:
        if self.cut is None:
            self.cut = Cut(self.version, tensors.executable.inputs)
        return self.cut.apply(request, tensors)

    cdef tuple measured(self, double seconds, Request request):
        cdef InferRequest asked = <InferRequest>request
        parts = asked.started - asked.accepted, asked.accepted - asked.begun
        return seconds, asked.columns[0].rows, *parts, asked.ended - asked.started, asked.written - asked.ended

    cdef int record(self, tuple measured) except -1:
        cdef double[4] parts
        seconds, rows, parts[0], parts[1], parts[2], parts[3] = measured
        self.observe(seconds, rows)
        self.counted.answered(rows, parts, seconds)

    cdef object repeated(self, tuple kept, double begun):
        """Return a kept answer, counted."""
        cdef double seconds = now() - begun
        answer, rows = kept
        self.entry.used = begun
        self.observe(seconds, rows)
        self.counted.repeated(rows, <int64_t>(1e9 * seconds))
        return answer

    cdef int observe(self, double seconds, rows) except -1:
        if self.calls is None:  # made by the first answer, as the ordinary path does
            self.calls = self.tally.calls("ModelInfer", self.model)
        self.calls.observe(seconds)
        self.calls.rows += rows
        if self.figures is not None:
            self.figures.observe(seconds)

    cdef object failed(self, error, double seconds, Request request):
        if request.streamed and isinstance(error, Exception):  # its error is a response, and the stream continues
            return None
        self.counted.failed(<int64_t>(1e9 * seconds))
        if not isinstance(error, Exception):  # a cancelled call has no status
            return error
        error = of_run(error, self.model)
        if self.figures is not None:
            self.figures.failed(error)
        self.tally.error("ModelInfer", self.reference, getattr(error, "code", "INTERNAL"))
        return error

    cdef bint intact(self, double since) except -1:
        proof = self.entry.proof
        return proof is not None and proof.holds(since)

    cdef bytes respond(self, Prepared prepared, Frame* frame, Request request, int64_t most, int64_t* taken):
        cdef InferRequest asked = <InferRequest>request
        cdef Values* values
        asked.ended = now()
        values = prepared.take(frame, request)
        if values == NULL:
            return None
        try:
            return self.written(<Tensors>prepared, asked, values, most, taken)
        finally:
            free(values)
            asked.written = now()

    cdef bytes written(self, Tensors tensors, InferRequest request, Values* values, int64_t most, int64_t* taken):
        cdef int64_t rows = request.columns[0].rows, outputs = tensors.measure(values, rows)
        cdef bytes answer
        cdef char* to
        if outputs < 0:
            return None
        taken[0] = self.measure(request) + outputs
        if taken[0] > most:
            return None
        answer = PyBytes_FromStringAndSize(NULL, field_size(taken[0]) if request.streamed else taken[0])
        to = PyBytes_AS_STRING(answer)
        to = self.begin(write_head(to, ANSWER, taken[0]) if request.streamed else to, request)
        if taken[0] < UNLOCKED:
            tensors.write(to, values, rows)
            return answer
        with nogil:
            tensors.write(to, values, rows)
        return answer


    cdef int64_t measure(self, InferRequest request) noexcept:
        cdef int64_t final = PyBytes_GET_SIZE(FINAL) if request.streamed else 0
        return PyBytes_GET_SIZE(self.head) + final + (field_size(request.label.length) if request.label.length else 0)

    cdef char* begin(self, char* to, InferRequest request) noexcept:
        to = write_span(to, span_of(self.head))
        if request.label.length:
            to = write_span(write_head(to, LABEL, request.label.length), request.label)
        return write_span(to, span_of(FINAL)) if request.streamed else to


cdef Span span_of(bytes part) noexcept:
    return Span(PyBytes_AS_STRING(part), PyBytes_GET_SIZE(part))


cdef class FastInfer:
    """Answers the bytes of requests for inference, on one event loop; results are those of :class:`FastPredict`."""

    def __init__(self, router, engine, statistics, tally, int64_t most_bytes=64 << 20, results=None):
        """Answer by the router's routes while their plans are resident, with at most that many bytes per response.

        ``results`` are the answers that models keep.
        """
        self.router, self.statistics, self.tally, self.results = router, statistics, tally, results
        self.runner = Runner(engine, most_bytes)
        self.runner.request = InferRequest()
        self.targets, self.spellings = {}, {}
        router.on_move.append(self.forget)

    def share(self, SharedLook look not None):
        """Leave looks at files to ``look`` while it is open."""
        self.runner.look = look

    def forget(self, references):
        """Find these references again: their routes may have moved."""
        for reference in references:
            for key in self.spellings.pop(reference, ()):
                self.targets.pop(key, None)

    def answer(self, bytes message not None, double deadline=0.0, origin=None):
        """Answer a ModelInferRequest.  ``deadline`` is a time of ``time.monotonic()``, 0 for none.

        ``origin`` is the call, by which the branch of a split alias is chosen.
        """
        return self.answered(message, deadline, False, origin)

    def answer_streamed(self, bytes message not None, double deadline=0.0, origin=None):
        """Answer a ModelInferRequest of a stream with a ModelStreamInferResponse."""
        return self.answered(message, deadline, True, origin)

    cdef object answered(self, bytes message, double deadline, bint streamed, origin):
        cdef InferRequest request = <InferRequest>self.runner.request
        request.begun = now()
        answered = None
        if request.read_infer(message):
            request.streamed = streamed
            answered = self.infer(request, deadline, origin)
        self.runner.request.message = None  # a large message must not outlive its call
        return answered

    cdef object infer(self, InferRequest request, double deadline, origin):
        cdef InferTarget target = self.target(request)
        cdef Tensors tensors
        if target is None:
            return None
        if target.fork is not None:
            target = <InferTarget>target.branches[target.fork.place(origin)]
        if target.sample is not None and target.sample.takes(origin):
            return None  # the ordinary path has the values, which are copied
        if target.results is not None and not request.streamed:
            kept = target.results.get(request.message)
            if kept is not None and not (deadline and deadline <= request.begun):
                refusal = self.runner.present.charge(kept[1])
                return target.repeated(kept, request.begun) if refusal is None else target.failed(
                    refusal, now() - request.begun, self.runner.request
                )
        tensors = self.tensors(target, request)
        if tensors is None:
            return None
        if request.count == 1 and tensors.input_count > 1 and not target.accept_matrix(request, tensors):
            return None
        target.entry.used = request.begun
        return self.runner.answer(tensors, target, deadline, request.begun)

    cdef InferTarget target(self, InferRequest request):
        """Return the target of the request's model and version, or None."""
        if request.model.length + request.version.length > MOST_NAME:
            return None
        key = request.model.at[:request.model.length]
        if request.version.length:
            key = key, request.version.at[:request.version.length]
        target = self.targets.get(key)
        return self.find(key) if target is None else target

    cdef InferTarget find(self, key):
        name, version = key if type(key) is tuple else (key, b"")
        try:
            reference = name.decode()
            found = f"{reference}@{number_of(version.decode())}" if version else reference
            route = self.router.find(found)
        except (PretzelError, UnicodeDecodeError):
            return None
        target = self.made(route, reference)
        if len(self.targets) >= MOST_TARGETS:
            self.targets.clear()
            self.spellings.clear()
        self.targets[key] = target
        self.spellings.setdefault(found, []).append(key)
        return target

    cdef InferTarget made(self, route, str reference):
        """Return the target of a route, with those of its branches if it has a fork."""
        served = self.statistics.of(route.version)
        cdef InferTarget target = InferTarget(route, reference, served, self.tally, self.results)
        if route.copier is not None:
            target.sample = route.copier.sample
        if route.fork is not None:
            target.fork = route.fork
            target.branches = tuple([self.made(branch, reference) for branch in target.fork.branches])
        return target

    cdef Tensors tensors(self, InferTarget target, InferRequest request):
        """Return what is prepared for the request's outputs, or None.  An eviction removes it from the entry."""
        if request.outputs.length > MOST_OUTPUTS:
            return None
        key = OURS + request.outputs.at[:request.outputs.length]
        tensors = target.entry.prepared.get(key, self)
        return self.prepare(target, key, request) if tensors is self else tensors

    cdef Tensors prepare(self, InferTarget target, bytes key, InferRequest request):
        entry, chosen = target.entry, outputs_in(request.outputs)
        if entry.executable is None or chosen is None or len(set(chosen)) < len(chosen):
            return None
        try:
            names = tuple(name.decode() for name in chosen) or None
            tensors = Tensors(entry.executable, names, entry.cost_of(names))
        except (NotFoundError, UnicodeDecodeError):
            return None
        except NotImplementedError:
            tensors = None
        if len(entry.prepared) >= MOST_CHOICES:
            entry.prepared.clear()
        entry.prepared[key] = tensors
        entry.grow()
        return tensors
