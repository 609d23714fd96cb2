"""Recognizes errors that mean a shortage of memory, threads or descriptors, so that another server may answer."""

from __future__ import annotations

import errno

_NUMBERS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
_NO_THREAD = "can't start new thread"


def is_shortage(error: BaseException) -> bool:
    """Return whether an error means that this process is short of memory, threads or descriptors.

    Kernels are libraries, mapped when a plan first needs them.  A missing one raises ModuleNotFoundError; any other
    ImportError comes from a library that could not be mapped.
    """
    if isinstance(error, OSError):
        return error.errno in _NUMBERS
    if isinstance(error, ImportError):
        return not isinstance(error, ModuleNotFoundError)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and str(error) == _NO_THREAD)
