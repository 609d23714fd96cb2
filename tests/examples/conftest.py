"""The examples import their parts as `showcase`, which lies beside them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "examples"))
