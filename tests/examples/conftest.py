"""Put `showcase`, which the examples import, on the path."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "examples"))
