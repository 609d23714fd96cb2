"""Recognize errors that mean that this process lacks memory, threads or descriptors, so another server may answer."""

from __future__ import annotations

import errno

_NUMBERS = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
_NO_THREAD = "can't start new thread"


def is_shortage(error: BaseException) -> bool:
    """Return whether an error means that this process has no memory, thread or descriptor for the work now.

    Kernels are libraries that are mapped when a plan first needs them.  What is missing from an installation is a
    ModuleNotFoundError; another ImportError comes of a library that could not be mapped.
    """
    if isinstance(error, OSError):
        return error.errno in _NUMBERS
    if isinstance(error, ImportError):
        return not isinstance(error, ModuleNotFoundError)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and str(error) == _NO_THREAD)
