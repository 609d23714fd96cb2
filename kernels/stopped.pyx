"""The exceptions of runs that stopped."""

from pretzel.kernels.frame cimport CANCELLED, LATE, OUT_OF_MEMORY, REFUSED, Frame

from pretzel.kernels.refused import Refused


cdef raise_stopped(kernel, const Frame* frame, int status):
    if status == REFUSED:
        value = frame.text.at[:frame.text.length].decode() if frame.text.at != NULL else frame.value
        raise Refused(kernel, frame.code, frame.first_row + frame.row, frame.column, value)
    if status == CANCELLED:
        raise InterruptedError("the run was cancelled")
    if status == LATE:
        raise TimeoutError("the deadline passed during the run")
    if status == TOO_LARGE:
        raise MemoryError(f"{type(kernel).__name__} wrote more bytes than the request may take")
    if status == OUT_OF_MEMORY:
        raise MemoryError("a kernel could not allocate memory")
    raise SystemError(f"{type(kernel).__name__} returned status {status}")
