"""Configure all tests: the cases that Hypothesis draws, the settings of servers, and the import of ``benchmarks``.

Hypothesis draws the same cases each run, so that a failure means a change; `make test-random` draws new ones, and more.
"""

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from hypothesis import settings

from pretzel.serving.heap import settle

settings.register_profile("same", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("random", derandomize=False, deadline=None, print_blob=True)
settings.load_profile("same")

# Every server that a test starts would compile the package again, and every test process would rewrite all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Servers of tests share their cores with the tests: only those of the tests on overload refuse calls for their delay.
os.environ.setdefault("PRETZEL_SHED_AFTER_SECONDS", "0")
# For the same reason the answer of a control plane about an unknown name may come late.
os.environ.setdefault("PRETZEL_CATCH_UP_SECONDS", "30")
# Several workers of tests run at once.
os.environ.setdefault("PRETZEL_HTTP", "0")
# A console is one process more; its own tests ask for it.
os.environ.setdefault("PRETZEL_CONSOLE", "off")

_ROOM = Path(__file__).parents[1] / "benchmarks"

# Not by the checkout's root on the path, where `kernels` would shadow a package.
if "benchmarks" not in sys.modules:
    spec = spec_from_file_location("benchmarks", _ROOM / "__init__.py", submodule_search_locations=[str(_ROOM)])
    assert spec and spec.loader
    sys.modules["benchmarks"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["benchmarks"])


def pytest_collection_finish() -> None:
    """Keep modules and collected tests out of later garbage collections, which would look at millions of objects."""
    settle()
