"""Make ``release`` importable without the checkout's root on the path, where `kernels` would shadow a package."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

HOME = Path(__file__).parents[2] / "release"

if "release" not in sys.modules:
    spec = spec_from_file_location("release", HOME / "__init__.py", submodule_search_locations=[str(HOME)])
    assert spec and spec.loader
    sys.modules["release"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["release"])
