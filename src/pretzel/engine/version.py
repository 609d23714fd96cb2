"""The version of the kernels, stored in plans so that a worker rejects plans compiled for other kernels."""

import os
import re

OVERRIDE = "PRETZEL_KERNEL_SET"
FIRST_KERNEL_SET = "1"
"""The kernels of releases whose workers do not say which they have."""
_OWN = "1"
_FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def is_kernel_set(text: str) -> bool:
    """Return whether a text can name a version of the kernels."""
    return _FORM.fullmatch(text) is not None


def _chosen() -> str:
    """Return the version of these kernels, or the name under which an upgrade is rehearsed with them."""
    name = os.environ.get(OVERRIDE) or _OWN
    if not is_kernel_set(name):
        raise ValueError(f"{OVERRIDE}={name[:80]!r}: expected up to 40 letters, digits and . _ -; unset it")
    return name


KERNEL_SET = _chosen()
