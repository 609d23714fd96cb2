"""Cuts a matrix of numbers into columns, for models that were fitted on a table of numbers."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from pretzel.data_plane.oip.decode cimport InferRequest
from pretzel.data_plane.oip.prepared cimport Tensors
from pretzel.data_plane.transport.decode cimport DATA, NAME, TYPE, RawColumn
from pretzel.data_plane.transport.wire cimport Span, same

from pretzel.data_plane.oip.signature import MATRIX as _MATRIX
from pretzel.plan.model import array_columns, inputs_of

cdef enum:
    MOST_ELEMENTS = 1 << 15  # larger ones are cut on a thread, by the ordinary path

cdef bytes NAMED = _MATRIX.encode()
cdef Span MATRIX = Span(NAMED, len(NAMED))


cdef class Cut:
    """The columns of a matrix that a version of a model takes."""

    def __cinit__(self, version, inputs):
        """Find the inputs of a plan among the columns of the version."""
        names = [column.name for column in array_columns(inputs_of(version, inputs), version.metadata)]
        wanted = [item.name for item in inputs]
        self.places, self.count = <int*>calloc(len(wanted) + 1, sizeof(int)), len(wanted)
        if self.places == NULL:
            raise MemoryError("matrix: no memory for the places of its columns")
        if _MATRIX in wanted or not set(wanted) <= set(names):
            return
        self.width = len(names)
        for i, name in enumerate(wanted):
            self.places[i] = names.index(name)

    def __dealloc__(self):
        free(self.places)

    cdef bint apply(self, InferRequest request, Tensors tensors) except -1:
        cdef RawColumn matrix = request.columns[0]
        cdef RawColumn* column
        cdef int64_t itemsize = tensors.inputs[0].shape.itemsize
        cdef char* to
        cdef int i
        if not self.fits(&matrix, tensors):
            return False
        request.cut = PyBytes_FromStringAndSize(NULL, matrix.rows * itemsize * self.count)
        to, request.count = PyBytes_AS_STRING(request.cut), 0
        for i in range(self.count):
            column = request.add_column()
            if column == NULL:
                return False
            column[0] = matrix
            column.width, column.parts[NAME] = 1, tensors.inputs[i].name
            column.parts[DATA] = Span(to, matrix.rows * itemsize)
            to = self.copy(to, &matrix, itemsize, i)
        return True

    cdef bint fits(self, const RawColumn* matrix, Tensors tensors) noexcept nogil:
        """Return whether this is the matrix; the datatypes of the other inputs are checked as those of tensors are."""
        cdef Span data = matrix.parts[DATA]
        cdef int64_t row = self.width * tensors.inputs[0].shape.itemsize
        if not 2 <= self.width <= MOST_ELEMENTS or matrix.width != self.width or not same(matrix.parts[NAME], MATRIX):
            return False
        if tensors.inputs[0].is_framed or tensors.inputs[0].is_bool:  # the ordinary path looks at unread bools too
            return False
        if not 0 <= matrix.rows <= MOST_ELEMENTS // self.width or data.length != matrix.rows * row:
            return False
        return same(matrix.parts[TYPE], tensors.inputs[0].type)

    cdef char* copy(self, char* to, const RawColumn* matrix, int64_t itemsize, int input) noexcept nogil:
        """Write a column, and return its end."""
        cdef const char* at = matrix.parts[DATA].at + itemsize * self.places[input]
        cdef int64_t i
        for i in range(matrix.rows):
            memcpy(to, at, <size_t>itemsize)
            to += itemsize
            at += itemsize * self.width
        return to
