"""Prepares a choice of outputs of one plan for requests for inference, whose columns are tensors."""

from array import array
from itertools import accumulate

from cpython.bytes cimport PyBytes_AS_STRING
from libc.stdint cimport int64_t, uint32_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pretzel.data_plane.oip.decode cimport InferRequest
from pretzel.data_plane.transport.answers cimport Values
from pretzel.data_plane.transport.columns cimport Input
from pretzel.data_plane.transport.decode cimport DATA, LENGTHS, MISSING, TYPE, Request
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.wire cimport (
    Span, field_size, varint_size, write_head, write_span, write_varint,
)
from pretzel.kernels.frame cimport Frame, now
from pretzel.kernels.program cimport Run

from pretzel.data_plane.oip.datatypes import datatype_of
from pretzel.data_plane.oip.encoding import label_contents
from pretzel.data_plane.transport.parts import text_field

cdef enum:  # fields of the responses
    OUTPUTS = 5
    CONTENTS = 6

cdef enum:  # fields of an output
    NAME = 1
    DATATYPE = 2
    SHAPE = 3

cdef enum:
    MOST_EMPTY_ROWS = 1 << 20  # of plan/wire/columns.py, which bounds every size of a tensor without elements


cdef class Tensors(Prepared):
    """The program of some outputs, and what is constant in the tensors of requests and responses."""

    def __cinit__(self, executable, outputs, cost, shown=None):
        """Prepare as :class:`Prepared` does.

        Raises:
            NotFoundError: an output does not exist.
            NotImplementedError: an input or an output has no form here.
        """
        cdef int i
        self.forms = <Form*>calloc(self.output_count + 1, sizeof(Form))
        if self.forms == NULL:
            raise MemoryError("tensors: no memory for its tables")
        for i in range(self.input_count):
            self._set_tensor(&self.inputs[i], executable.inputs[i].type)
        for i, name in enumerate(executable.schedule(outputs).names):
            self._set_form(&self.forms[i], name, executable.outputs[name])

    def __dealloc__(self):
        free(self.forms)

    cdef _set_tensor(self, Input* taken, kind):
        if kind.layout != "dense":
            raise NotImplementedError(f"an input of {kind}")
        taken.type, taken.is_framed = self._keep(datatype_of(kind).encode()), kind.is_text

    cdef _set_form(self, Form* form, str name, made):
        if made.type.layout != "dense" or (made.type.is_text and not made.type.columns):
            raise NotImplementedError(f"output {name!r} of {made.type}")
        datatype = datatype_of(made.type, made.labels).encode()
        form.head = self._keep(text_field(NAME, name.encode()) + text_field(DATATYPE, datatype))
        form.width = made.type.columns
        if made.labels is not None:
            self._set_labels(form, made.labels)

    cdef _set_labels(self, Form* form, table):
        contents = label_contents(table)
        ends = array("q", accumulate(map(len, contents), initial=0)).tobytes()
        form.labels, form.table = len(contents), self._keep(b"".join(contents))
        form.ends = <const int64_t*>self._keep(ends).at

    cdef bint accepts(self, Request request) noexcept nogil:
        cdef int i
        if not Prepared.accepts(self, request):
            return False
        for i in range(self.input_count):
            if request.columns[i].width != self.inputs[i].shape.width:
                return False
            if request.columns[i].rows == 0 and request.columns[i].width > MOST_EMPTY_ROWS:
                return False
        (<InferRequest>request).accepted = now()
        return True

    cdef int run(self, Frame* frame, Request request, Run* run) noexcept nogil:
        (<InferRequest>request).started = now()
        return Prepared.run(self, frame, request, run)

    cdef void copy_rows(self, Frame* frame, Request request, int64_t first) noexcept nogil:
        (<InferRequest>request).started = now()
        Prepared.copy_rows(self, frame, request, first)

    cdef int64_t measure(self, Values* values, int64_t rows) noexcept nogil:
        cdef int64_t total = 0
        cdef int i
        for i in range(self.output_count):
            values[i].size = contents_size(&self.forms[i], &values[i], rows)
            if values[i].size < 0:
                return -1
            total += field_size(output_size(&self.forms[i], rows)) + field_size(values[i].size)
        return total

    cdef char* write(self, char* to, const Values* values, int64_t rows) noexcept nogil:
        cdef int i
        for i in range(self.output_count):
            to = write_output(to, &self.forms[i], rows)
        for i in range(self.output_count):
            to = write_head(to, CONTENTS, values[i].size)
            to = write_contents(to, &self.forms[i], &values[i], rows)
        return to


cdef int64_t shape_size(int64_t rows, int64_t width) noexcept nogil:
    return varint_size(rows) + varint_size(width)


cdef int64_t output_size(const Form* form, int64_t rows) noexcept nogil:
    return form.head.length + field_size(shape_size(rows, form.width))


cdef char* write_output(char* to, const Form* form, int64_t rows) noexcept nogil:
    to = write_span(write_head(to, OUTPUTS, output_size(form, rows)), form.head)
    to = write_head(to, SHAPE, shape_size(rows, form.width))
    return write_varint(write_varint(to, rows), form.width)


cdef int64_t contents_size(const Form* form, const Values* values, int64_t rows) noexcept nogil:
    """Return the size of contents; -1 if a text is missing, or a code has no label."""
    cdef const char* codes = values.parts[DATA].at
    cdef int64_t total = 0, code, i
    if form.ends == NULL:
        return -1 if values.parts[MISSING].length else values.parts[DATA].length + values.parts[LENGTHS].length
    for i in range(rows):
        memcpy(&code, codes + 8 * i, 8)
        if not 0 <= code < form.labels:
            return -1
        total += form.ends[code + 1] - form.ends[code]
    return total


cdef char* write_contents(char* to, const Form* form, const Values* values, int64_t rows) noexcept nogil:
    if form.ends != NULL:
        return write_labels(to, form, values.parts[DATA].at, rows)
    if values.parts[LENGTHS].length:
        return write_texts(to, values.parts[DATA].at, values.parts[LENGTHS])
    return write_span(to, values.parts[DATA])  # numbers, or texts of the request in the same form


cdef char* write_labels(char* to, const Form* form, const char* codes, int64_t rows) noexcept nogil:
    cdef int64_t code, i
    for i in range(rows):
        memcpy(&code, codes + 8 * i, 8)
        to = write_span(to, Span(form.table.at + form.ends[code], form.ends[code + 1] - form.ends[code]))
    return to


cdef char* write_texts(char* to, const char* texts, Span lengths) noexcept nogil:
    cdef uint32_t length
    cdef int64_t i
    for i in range(lengths.length // 4):
        memcpy(&length, lengths.at + 4 * i, 4)
        memcpy(to, &length, 4)
        to = write_span(to + 4, Span(texts, length))
        texts += length
    return to
