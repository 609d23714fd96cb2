"""Plans become programs here: operators bound to kernels, frames laid out, columns checked, results handed back."""

from pretzel.engine.catalog import StageCatalog
from pretzel.engine.executable import Executable
from pretzel.engine.loading import load
from pretzel.engine.version import KERNEL_SET

__all__ = ["KERNEL_SET", "Executable", "StageCatalog", "load"]
