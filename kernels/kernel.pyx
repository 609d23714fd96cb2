"""The base of all kernels.

A kernel is built once, from the types it reads and writes, its attributes and its parameter arrays, and is immutable
afterwards: programs of many models share it.  ``Kernel(inputs, output, **attributes_and_parameters)``: ``inputs`` is a
tuple of types and ``output`` a type, objects with ``dtype`` (a name such as ``"f64"``), ``columns`` and ``layout``;
numeric parameters are read-only arrays, string tables have ``offsets`` and ``utf8``.  A kernel keeps a reference to
every array that it points into.
"""


cdef class Kernel:
    """One operation over slots."""

    cdef int run(self, Frame* frame, Slot** inputs, Slot* output) noexcept nogil:
        return -1

    def describe(self, code, row, column, value) -> str:
        """Describe a rejected value for the error message; ``code`` is the kernel's own."""
        return f"row {row}, column {column}: value {value} was rejected"
