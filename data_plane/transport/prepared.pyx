"""Prepares a choice of outputs of one plan, and answers requests for them without Python objects per column."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy

from pretzel.data_plane.transport.answers cimport Output, Values, take_column, take_slot
from pretzel.data_plane.transport.columns cimport Input, cost_bytes, fits, place
from pretzel.data_plane.transport.decode cimport DATA, NAME, RawColumn, Request
from pretzel.data_plane.transport.wire cimport Span, same
from pretzel.kernels.frame cimport OK, OUT_OF_MEMORY, Frame, Slot, reserve
from pretzel.kernels.program cimport Program, Run
from pretzel.kernels.shapes cimport Shape, set_shape

from pretzel.engine.footprint import COPIES as _COPIES
from pretzel.data_plane.transport.parts import text_field
from pretzel.plan.wire import column_to_proto

cdef enum:  # fields of a column
    TYPE = 2
    TABLE = 9
    PROBES = 64  # names compared per column before a request in a new order is left to the ordinary path

cdef int64_t COPIES = _COPIES


cdef class Prepared:
    """The program of some outputs of an executable, and what is constant in their requests and responses."""

    def __cinit__(self, executable, outputs, cost, shown=None):
        """Prepare these outputs; None for all that are not optional.  ``shown``: their names in a response.

        Raises:
            NotFoundError: an output does not exist.
            NotImplementedError: a response of them has no form here.
        """
        schedule, memory = executable.schedule(outputs), executable.footprint(outputs)
        self.executable, self.cost, self.footprint, self.kept = executable, cost, memory, []
        self.program = schedule.program
        self.answer_row, self.answer_fixed, self.passed = memory.answer_row, memory.answer_fixed, memory.passed
        self.frame_row, self.piled_row = memory.frame_row, memory.piled_row
        self.block, self.exact = memory.block, memory.exact
        self.input_count, self.output_count = len(executable.inputs), len(schedule.names)
        self.inputs = <Input*>calloc(self.input_count + 1, sizeof(Input))
        self.outputs = <Output*>calloc(self.output_count + 1, sizeof(Output))
        self.places = <int*>calloc(self.input_count + 1, sizeof(int))
        if not (self.inputs and self.outputs and self.places):
            raise MemoryError("prepared: no memory for its tables")
        for i, item in enumerate(executable.inputs):
            self._set_input(&self.inputs[i], item)
        for i, (name, source) in enumerate(zip(schedule.names, schedule.positions, strict=True)):
            self._set_output(&self.outputs[i], shown[i] if shown else name, source, executable.outputs[name])
        kinds = [item.type for item in [*executable.inputs, *map(executable.outputs.get, schedule.names)]]
        self.gathers = memory.exact and all(kind.layout == "dense" and not kind.is_text for kind in kinds)

    def __dealloc__(self):
        free(self.inputs)
        free(self.places)
        free(self.outputs)

    cdef _set_input(self, Input* taken, item):
        set_shape(&taken.shape, item.type)
        taken.name, taken.type = self._keep(item.name.encode()), self._keep(str(item.type).encode())
        taken.is_bool = item.type.dtype == "bool"

    cdef _set_output(self, Output* output, name, source, made):
        kind = "i64" if made.labels is not None else str(made.type)
        if kind != str(made.type) or made.type.layout == "ragged":
            raise NotImplementedError(f"output {name!r} of {made.type}")
        output.source, output.is_numbers = source, made.type.layout == "dense" and not made.type.is_text
        output.head = self._keep(text_field(NAME, name.encode()) + text_field(TYPE, kind.encode()))
        if made.labels is not None:
            output.tail = self._keep(text_field(TABLE, column_to_proto("labels", made.labels).SerializeToString()))

    def signatures(self):
        """Return for each output the constant parts of its column; None if it has more parts than numbers."""
        return [
            (_bytes(self.outputs[i].head), _bytes(self.outputs[i].tail)) if self.outputs[i].is_numbers else None
            for i in range(self.output_count)
        ]

    cdef Span _keep(self, bytes part) except *:
        self.kept.append(part)
        return Span(PyBytes_AS_STRING(part), PyBytes_GET_SIZE(part))

    cdef bint accepts(self, Request request) noexcept nogil:
        cdef int i
        if request.count != self.input_count or request.count == 0 or not self.arrange(request):
            return False
        for i in range(self.input_count):
            if request.columns[i].rows != request.columns[0].rows:
                return False
            if not fits(&self.inputs[i], &request.columns[i]):
                return False
        return True

    cdef bint arrange(self, Request request) noexcept nogil:
        """Move the column of each input to its place; clients repeat their order, so the last one is tried first."""
        cdef int i, j, probes = PROBES * request.count
        cdef RawColumn moved
        for i in range(self.input_count):
            j = self.places[i]
            if not (i <= j < request.count and same(self.inputs[i].name, request.columns[j].parts[NAME])):
                j = i
                while j < request.count and not same(self.inputs[i].name, request.columns[j].parts[NAME]):
                    j += 1
                probes -= j - i
                if j == request.count or probes < 0:
                    return False
                self.places[i] = j
            if j != i:
                moved = request.columns[i]
                request.columns[i] = request.columns[j]
                request.columns[j] = moved
        return True

    cdef int64_t size_of(self, Request request) noexcept nogil:
        cdef int64_t total = 0
        cdef int i
        for i in range(request.count):
            total += cost_bytes(&request.columns[i])
        return total

    cdef Need need(self, int64_t rows, int64_t size) noexcept nogil:
        cdef int64_t at_once = min(rows, self.block) if self.block else rows
        cdef Need need
        need.answer = self.answer_fixed + self.answer_row * rows + self.passed * size
        need.total = size + self.frame_row * at_once + COPIES * need.answer
        if rows > at_once:
            need.total += self.piled_row * rows
        return need

    cdef int run(self, Frame* frame, Request request, Run* run) noexcept nogil:
        cdef int i
        for i in range(self.input_count):
            if place(&frame.slots[i], &self.inputs[i], &request.columns[i]) != OK:
                return OUT_OF_MEMORY
        return self.program.execute(frame, run)

    cdef int reserve_rows(self, Frame* frame, int64_t rows) noexcept nogil:
        cdef Slot* slot
        cdef int i
        for i in range(self.input_count):
            slot = &frame.slots[i]
            if reserve(&slot.own_values, rows * row_bytes(&self.inputs[i].shape) + 64) != OK:
                return OUT_OF_MEMORY
            slot.origin = <char*>slot.own_values.at
        return OK

    cdef void copy_rows(self, Frame* frame, Request request, int64_t first) noexcept nogil:
        cdef Span data
        cdef int i
        for i in range(self.input_count):
            data = request.columns[i].parts[DATA]
            memcpy(frame.slots[i].origin + first * row_bytes(&self.inputs[i].shape), data.at, <size_t>data.length)

    cdef void pass_rows(self, Frame* frame, int64_t rows) noexcept nogil:
        cdef int i
        for i in range(self.program.output_count):
            self.program.output(frame, i).origin += rows * row_bytes(self.program.shape(i))

    cdef Values* take(self, Frame* frame, Request request) noexcept nogil:
        cdef Values* values = <Values*>malloc(self.output_count * sizeof(Values) + 1)
        cdef int64_t rows = request.columns[0].rows
        cdef int i, source
        if values == NULL:
            return NULL
        for i in range(self.output_count):
            source = self.outputs[i].source
            if source < 0:
                take_column(&values[i], &request.columns[-1 - source])
            elif take_slot(&values[i], self.program.output(frame, source), self.program.shape(source), rows) != OK:
                free(values)
                return NULL
        return values


cdef int64_t row_bytes(const Shape* shape) noexcept nogil:
    return shape.width * shape.itemsize


cdef bytes _bytes(Span span):
    return span.at[:span.length]


def needed(Prepared prepared not None, int64_t rows, int64_t size):
    """Return the bytes of the response, and of everything, that a request needs.  For tests."""
    cdef Need need = prepared.need(rows, size)
    return need.answer, need.total
