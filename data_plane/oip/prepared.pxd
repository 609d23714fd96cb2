# A choice of outputs of one plan, prepared for requests for inference: its columns as tensors, without conversion.
from libc.stdint cimport int64_t

from pretzel.data_plane.transport.answers cimport Values
from pretzel.data_plane.transport.columns cimport Input
from pretzel.data_plane.transport.decode cimport Request
from pretzel.data_plane.transport.prepared cimport Prepared
from pretzel.data_plane.transport.wire cimport Span
from pretzel.kernels.frame cimport Frame
from pretzel.kernels.program cimport Run

# An output as a tensor.
cdef struct Form:
    Span head              # its fields `name` and `datatype`
    int64_t width
    Span table             # the contents of all labels, if its values are codes
    const int64_t* ends    # the end of each label there, after a zero
    int64_t labels


cdef class Tensors(Prepared):
    cdef Form* forms

    cdef _set_tensor(self, Input* taken, kind)
    cdef _set_form(self, Form* form, str name, made)
    cdef _set_labels(self, Form* form, table)

    # Fills in the size of each output's contents, and returns that of all outputs as fields of their response; -1 if
    # one has no form here.
    cdef int64_t measure(self, Values* values, int64_t rows) noexcept nogil
    # Writes measured outputs.
    cdef char* write(self, char* to, const Values* values, int64_t rows) noexcept nogil
