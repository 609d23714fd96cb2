"""The hot path of calls for many models: one look-up for a list that was seen before, one program, one response.

It takes lists whose models are resident, take the same inputs, and have run together on the ordinary path before.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from pretzel.data_plane.traffic.fork cimport Fork
from pretzel.data_plane.transport.answers cimport Output, Values, measure, write_column, write_number
from pretzel.data_plane.transport.decode cimport DATA, ROWS, Request, names_in
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.runner cimport Layout, Runner, SharedLook
from pretzel.data_plane.transport.wire cimport Span, field_size, varint_size, write_head, write_span
from pretzel.kernels.frame cimport Frame, now

from pretzel.data_plane.cache.proof import all_hold
from pretzel.data_plane.shadow.many import copy_many, drawn_of
from pretzel.data_plane.transport.lists import forks_of, head_of_block, listed

cdef enum:
    RESULTS = 1            # fields of the response
    BLOCKS = 2
    RESPONSE = 1           # of a result
    COLUMNS = 3            # of a block
    KEY = 3                # parts of the key of a list, before branches are chosen
    MOST_LISTS = 64        # lists that are kept, because callers make them
    MOST_BYTES = 1 << 18   # of the fields that are the key of a list


cdef class Block:
    """Models whose outputs are alike: one column for each output, with the rows of all of them."""

    def __cinit__(self, members, versions):
        self.kept, self.count = head_of_block(members, versions), len(members)
        self.head = Span(PyBytes_AS_STRING(self.kept), PyBytes_GET_SIZE(self.kept))
        self.members = <int*>calloc(self.count, sizeof(int))
        if self.members == NULL:
            raise MemoryError("many: no memory for a block")
        for i, member in enumerate(members):
            self.members[i] = member

    def __dealloc__(self):
        free(self.members)

    cdef int64_t size(
        self, const Member* members, const Output* outputs, const Values* values, int64_t rows
    ) noexcept nogil:
        cdef const Member* first = &members[self.members[0]]
        cdef int64_t total = self.head.length
        cdef int i
        for i in range(first.first, first.last):
            total += field_size(column_size(self, &outputs[i], &values[i], rows))
        return total

    cdef char* write(
        self, char* to, const Member* members, const Output* outputs, const Values* values, int64_t rows
    ) noexcept nogil:
        cdef const Member* first = &members[self.members[0]]
        cdef int output, i
        cdef Span data
        to = write_span(to, self.head)
        for output in range(first.first, first.last):
            to = write_head(to, COLUMNS, column_size(self, &outputs[output], &values[output], rows))
            to = write_span(to, outputs[output].head)
            to = write_number(to, ROWS, rows * self.count)
            if values[output].parts[DATA].length:
                to = write_head(to, DATA, values[output].parts[DATA].length * self.count)
            for i in range(self.count):
                data = values[members[self.members[i]].first + output - first.first].parts[DATA]
                to = write_span(to, data)
            to = write_span(to, outputs[output].tail)
        return to


cdef int64_t column_size(Block block, const Output* output, const Values* values, int64_t rows) noexcept nogil:
    """Return the size of a column of a block."""
    cdef int64_t data = values.parts[DATA].length * block.count
    cdef int64_t size = output.head.length + output.tail.length + (field_size(data) if data else 0)
    return size + (1 + varint_size(rows * block.count) if rows else 0)


cdef class Fan(Layout):
    """A list of models and their outputs, and the program over all of their plans."""

    def __cinit__(self, prepared, made, calls, bint matrix):
        self.prepared, self.calls, self.entries, self.plans = prepared, calls, made.entries, made.plans
        self.references, self.figures, self.copiers = made.references, made.figures, made.copiers
        self.count, self.kept = len(made.heads), made.heads
        self.times = self.count
        self.members = <Member*>calloc(self.count + 1, sizeof(Member))
        self.separate = <int*>calloc(self.count + 1, sizeof(int))
        if not (self.members and self.separate):
            raise MemoryError("many: no memory for a list of models")
        for i, (head, (first, last)) in enumerate(zip(made.heads, made.ranges, strict=True)):
            self.members[i] = Member(Span(PyBytes_AS_STRING(head), PyBytes_GET_SIZE(head)), first, last)
        groups, alone = made.grouped(prepared.signatures()) if matrix else ([], list(range(self.count)))
        self.blocks = [Block(group, [made.versions[i] for i in group]) for group in groups]
        self.separate_count = len(alone)
        for i, member in enumerate(alone):
            self.separate[i] = member

    def __dealloc__(self):
        free(self.members)
        free(self.separate)

    cdef int record(self, tuple measured) except -1:
        seconds, rows = measured
        self.calls.observe(seconds)
        self.calls.rows += rows * self.count
        for branch in self.figures:
            branch.observe(seconds)

    cdef object failed(self, error, double seconds, Request request):
        # The ordinary path runs the models separately, and has an error for each.
        return None if isinstance(error, Exception) else error

    cdef bint intact(self, double since) except -1:
        return all_hold([entry.proof for entry in self.entries], since)

    cdef bytes respond(self, Prepared prepared, Frame* frame, Request request, int64_t most, int64_t* taken):
        cdef int64_t rows = request.columns[0].rows
        cdef Values* values = prepared.take(frame, request)
        cdef bytes answer
        if values == NULL:
            return None
        try:
            measure(values, prepared.outputs, prepared.output_count, rows)
            taken[0] = self.size(values, rows)
            if taken[0] > most:
                return None
            answer = PyBytes_FromStringAndSize(NULL, taken[0])
            self.write(PyBytes_AS_STRING(answer), values, rows)
            return answer
        finally:
            free(values)

    cdef int64_t result_size(self, const Values* values, int member) noexcept nogil:
        """Return the size of a model's response."""
        cdef int64_t size = self.members[member].head.length
        cdef int i
        for i in range(self.members[member].first, self.members[member].last):
            size += field_size(values[i].size)
        return size

    cdef int64_t size(self, const Values* values, int64_t rows) except -1:
        cdef int64_t total = 0
        cdef Block block
        cdef int i
        for i in range(self.separate_count):
            total += field_size(field_size(self.result_size(values, self.separate[i])))
        for block in self.blocks:
            total += field_size(block.size(self.members, self.prepared.outputs, values, rows))
        return total

    cdef int write(self, char* to, const Values* values, int64_t rows) except -1:
        """Write a response, without the GIL: it may be large."""
        cdef const Output* outputs = self.prepared.outputs
        cdef Block block
        with nogil:
            to = self.write_results(to, values, rows)
        for block in self.blocks:
            with nogil:
                to = write_head(to, BLOCKS, block.size(self.members, outputs, values, rows))
                to = block.write(to, self.members, outputs, values, rows)
        return 0

    cdef char* write_results(self, char* to, const Values* values, int64_t rows) noexcept nogil:
        cdef const Member* member
        cdef int64_t size
        cdef int i, output
        for i in range(self.separate_count):
            member, size = &self.members[self.separate[i]], self.result_size(values, self.separate[i])
            to = write_head(write_head(to, RESULTS, field_size(size)), RESPONSE, size)
            to = write_span(to, member.head)
            for output in range(member.first, member.last):
                to = write_column(to, &values[output], &self.prepared.outputs[output], rows)
        return to


cdef class Crossing:
    """The forks of a list."""

    def __init__(self, forks, names):
        self.forks, self.plans = forks, frozenset()
        self.references = frozenset([name.decode() for name in names])


async def copied_later(answering, bytes message, list drawn):
    """Return an answer that is computed elsewhere, once copies of it wait for shadows."""
    answered = await answering
    if type(answered) is bytes:
        copy_many(message, answered, drawn)
    return answered


cdef class FastMany:
    """Answers the bytes of requests for many models as :class:`FastPredict` does those for one."""

    def __init__(self, router, plans, joint, engine, tally, int64_t most_bytes=64 << 20):
        """Answer by the programs of the joint catalog, with at most that many bytes per response."""
        self.router, self.joint, self.runner = router, joint, Runner(engine, most_bytes)
        self.calls, self.fans = tally.calls("PredictMany", "all"), {}
        plans.on_evict.append(self.forget)
        router.on_move.append(self.move)

    def share(self, SharedLook look not None):
        """Leave looks at files to ``look`` while it is open."""
        self.runner.look = look

    def answer(self, bytes message not None, double deadline=0.0, origin=None):
        """Answer a PredictManyRequest; see :class:`FastPredict` for the result."""
        cdef double begun = now()
        answered = self.predict(deadline, begun, origin) if self.runner.request.read_many(message) else None
        self.runner.request.message = None  # a large message must not outlive its call
        return answered

    cdef object predict(self, double deadline, double begun, origin):
        cdef Fan fan = self.fan(self.runner.request, origin)
        if fan is None:
            return None
        for entry in fan.entries:
            entry.used = begun
        if fan.copiers:
            drawn = drawn_of(fan.copiers, origin)
            if drawn:
                return self.copied(fan, drawn, deadline, begun)
        return self.runner.answer(fan.prepared, fan, deadline, begun)

    cdef object copied(self, Fan fan, list drawn, double deadline, double begun):
        """Answer a call, and copy it and its answer for shadows."""
        cdef SharedLook look = self.runner.look
        message = self.runner.request.message
        self.runner.look = None  # a shared look may withdraw the answer later
        try:
            answered = self.runner.answer(fan.prepared, fan, deadline, begun)
        finally:
            self.runner.look = look
        if type(answered) is bytes:
            copy_many(message, answered, drawn)
        elif answered is not None and not isinstance(answered, Exception):
            return copied_later(answered, message, drawn)
        return answered

    def forget(self, plan):
        """Release the lists that run a plan: it is evicted."""
        self.fans = {key: fan for key, fan in self.fans.items() if plan not in fan.plans}

    def move(self, references):
        """Release the lists that name these references: their routes may have moved."""
        self.fans = {key: fan for key, fan in self.fans.items() if fan.references.isdisjoint(references)}

    cdef Fan fan(self, Request request, origin):
        """Return the prepared list of a request, or None."""
        cdef tuple key
        if request.model.length + request.outputs.length > MOST_BYTES:
            return None
        key = (
            request.model.at[:request.model.length], request.outputs.at[:request.outputs.length], bool(request.matrix),
        )
        found = self.fans.get(key, self)
        if type(found) is Crossing:
            return self.branch(found, key, request, origin)
        return self.prepare(key, request, origin) if found is self else found

    cdef Fan branch(self, Crossing crossing, tuple key, Request request, origin):
        """Return the prepared list of the branches that a call takes, or None."""
        cdef Fork fork
        branches = key, tuple([fork.place(origin) for fork in crossing.forks])
        found = self.fans.get(branches, self)
        return self.prepare(branches, request, origin) if found is self else found

    cdef Fan prepare(self, tuple key, Request request, origin):
        cdef Fan fan
        names = names_in(request.model)
        forks = forks_of(self.router, names)
        if forks and len(key) == KEY:
            crossing = Crossing(forks, names)
            self.keep(key, crossing)
            return self.branch(crossing, key, request, origin)
        made = listed(self.router, self.joint, names, names_in(request.outputs), origin)
        if made is None:
            return None
        try:
            fan = Fan(Prepared(made.executable, made.outputs, made.cost, made.shown), made, self.calls, request.matrix)
        except NotImplementedError:
            return None
        self.keep(key, fan)
        return fan

    cdef object keep(self, tuple key, made):
        if len(self.fans) >= MOST_LISTS:
            self.fans.clear()
        self.fans[key] = made
