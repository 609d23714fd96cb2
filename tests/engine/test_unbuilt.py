"""A checkout whose kernels are not built says so, and what to run."""

import subprocess
import sys

_SCRIPT = """
import sys
sys.modules["pretzel.kernels.frame"] = None
from pretzel.errors import PreconditionError
try:
    import pretzel.engine
except PreconditionError as error:
    print(error)
"""


def test_kernels_that_are_not_built():
    ran = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert "the kernels are not built" in ran.stdout and "run `make build`" in ran.stdout
