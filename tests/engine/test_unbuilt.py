"""Without built kernels the import error names the command to run."""

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


def test_missing_kernels_are_reported():
    ran = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, check=True)
    assert "the kernels are not built" in ran.stdout and "run `make build`" in ran.stdout
