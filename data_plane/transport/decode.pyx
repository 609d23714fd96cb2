"""Reads requests for predictions: a subset of protobuf's messages, with the same values.

A message is accepted only if protobuf accepts it and every field is usual: none is set twice, names are in one run of
fields, and no column has labels.  The caller takes everything else to protobuf.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t
from libc.stdlib cimport free, realloc
from libc.string cimport memset

from pretzel.data_plane.transport.wire cimport (
    BYTES,
    END,
    FIELD,
    VARINT,
    Field,
    Reader,
    Span,
    extend,
    next_field,
    reader_of,
)

cdef enum:  # fields of the requests
    MODEL = 1
    COLUMNS = 2
    OUTPUTS = 3
    MATRIX = 4
    ID = 1
    REQUEST = 2

cdef enum:
    MOST_COLUMNS = 1 << 16

PARTS = {"name": NAME, "type": TYPE, "data": DATA, "lengths": LENGTHS, "missing": MISSING, "indices": INDICES,
         "starts": STARTS}


cdef class Request:
    """One request; reading another reuses its memory."""

    def __dealloc__(self):
        free(self.columns)

    cdef Reader start(self, bytes message) except *:
        self.message, self.id, self.count, self.streamed, self.matrix = message, 0, 0, False, False
        self.model.at, self.model.length = NULL, 0
        self.outputs.at, self.outputs.length = NULL, 0
        cdef Span span = Span(PyBytes_AS_STRING(message), PyBytes_GET_SIZE(message))
        return reader_of(span)

    cdef bint read_predict(self, bytes message) except -1:
        cdef Reader reader = self.start(message)
        return self.read_request(&reader, False)

    cdef bint read_many(self, bytes message) except -1:
        cdef Reader reader = self.start(message)
        return self.read_request(&reader, True)

    cdef bint read_stream(self, bytes message) except -1:
        cdef Reader reader = self.start(message), inner
        cdef Field field
        cdef int found, seen = 0
        self.streamed = True
        while True:
            found = next_field(&reader, &field)
            if found != FIELD:
                return found == END and seen & 1 << REQUEST
            if field.number > REQUEST:
                continue
            if seen & 1 << field.number or field.wire != (VARINT if field.number == ID else BYTES):
                return False
            seen |= 1 << field.number
            if field.number == ID:
                self.id = field.value
                continue
            inner = reader_of(field.bytes)
            if not self.read_request(&inner, False):
                return False

    cdef bint read_request(self, Reader* reader, bint many) noexcept nogil:
        cdef Field field
        cdef int found
        while True:
            found = next_field(reader, &field)
            if found != FIELD:
                return found == END
            if <int>field.number > (MATRIX if many else OUTPUTS):
                continue
            if field.number == MATRIX:
                if field.wire != VARINT:
                    return False
                self.matrix = field.value != 0
            elif field.wire != BYTES:
                return False
            elif not (self.take_column(field.bytes) if field.number == COLUMNS else
                      self.take_name(&field, reader, many)):
                return False

    cdef bint take_name(self, const Field* field, const Reader* reader, bint many) noexcept nogil:
        cdef Span* run = &self.model if field.number == MODEL else &self.outputs
        if field.number == MODEL and not many:
            if run.at != NULL:
                return False
            run[0] = field.bytes
            return True
        return extend(run, field, reader)

    cdef bint take_column(self, Span bytes) noexcept nogil:
        cdef RawColumn* column = self.add_column()
        return column != NULL and read_column(column, bytes)

    cdef RawColumn* add_column(self) noexcept nogil:
        cdef void* grown
        if self.count == self.capacity:
            if self.count >= MOST_COLUMNS:
                return NULL
            grown = realloc(self.columns, <size_t>(2 * self.capacity + 16) * sizeof(RawColumn))
            if grown == NULL:
                return NULL
            self.columns, self.capacity = <RawColumn*>grown, 2 * self.capacity + 16
        self.count += 1
        return &self.columns[self.count - 1]


cdef bint read_column(RawColumn* column, Span bytes) noexcept nogil:
    cdef Reader reader = reader_of(bytes)
    cdef Field field
    cdef int found, seen = 0
    memset(column, 0, sizeof(RawColumn))
    while True:
        found = next_field(&reader, &field)
        if found != FIELD:
            return found == END
        if field.number > LABELS:
            continue
        if field.number == LABELS or seen & 1 << field.number:
            return False
        seen |= 1 << field.number
        if field.wire != (VARINT if field.number == ROWS else BYTES):
            return False
        if field.number == ROWS:
            column.rows = <int64_t>field.value
        else:
            column.parts[field.number] = field.bytes


cdef list names_in(Span run):
    """Return the values of a run of fields, as bytes."""
    cdef Reader reader = reader_of(run)
    cdef Field field
    cdef list names = []
    while next_field(&reader, &field) == FIELD:
        names.append(field.bytes.at[:field.bytes.length])
    return names


def decoded(str method, bytes message not None):
    """Return a request as plain values, or None if it is not accepted.  For tests."""
    cdef Request request = Request()
    cdef bint many = method == "PredictMany"
    if not (request.read_many(message) if many else
            request.read_stream(message) if method == "PredictStream" else request.read_predict(message)):
        return None
    columns = [{"rows": request.columns[i].rows, **parts_of(&request.columns[i])} for i in range(request.count)]
    model = names_in(request.model) if many else request.model.at[:request.model.length]
    return {"id": request.id, "model": model, "columns": columns, "outputs": names_in(request.outputs),
            "matrix": request.matrix}


cdef dict parts_of(const RawColumn* column):
    return {name: column.parts[<int>i].at[:column.parts[<int>i].length] for name, i in PARTS.items()}
