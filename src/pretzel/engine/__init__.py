"""The engine turns plans into programs: it binds operators to kernels, lays out frames and checks columns."""

from pretzel.errors import PreconditionError

try:
    from pretzel.engine.catalog import StageCatalog
    from pretzel.engine.executable import Executable
    from pretzel.engine.helpers import Helpers, shared_helpers
    from pretzel.engine.loading import load
    from pretzel.engine.measuring import measure
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("pretzel.kernels"):
        raise
    unbuilt = PreconditionError(f"the kernels are not built (cannot import {error.name}); run `make build`")
    unbuilt.add_note("a checkout needs its kernels built in place; an installed wheel includes them")
    raise unbuilt from None
from pretzel.engine.version import FIRST_KERNEL_SET, KERNEL_SET, is_kernel_set

__all__ = [
    "FIRST_KERNEL_SET",
    "KERNEL_SET",
    "Executable",
    "Helpers",
    "StageCatalog",
    "is_kernel_set",
    "load",
    "measure",
    "shared_helpers",
]
