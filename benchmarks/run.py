"""Run benchmarks and write their tables: ``python -m benchmarks.run [kernels.text ...]``, all by default.

A benchmark is a module in a subpackage with ``measure() -> list[Row]``.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from benchmarks import harness, pages
from benchmarks.harness import Row

HERE = Path(__file__).parent
RESULTS = HERE / "results"


def benchmarks() -> Iterator[str]:
    """Yield the dotted name of every benchmark, as in ``kernels.text``."""
    for path in sorted(HERE.glob("*/*.py")):
        if path.stem != "__init__" and "def measure(" in path.read_text():
            yield f"{path.parent.name}.{path.stem}"


def chosen(names: list[str]) -> Iterator[str]:
    """Yield the named benchmarks, or those of the named subpackages; all without names."""
    return (name for name in benchmarks() if not names or name in names or name.partition(".")[0] in names)


def main() -> None:
    """Run the named benchmarks, print each table, and write each result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="a benchmark such as kernels.text, or a subpackage")
    for name in chosen(parser.parse_args().names):
        module = importlib.import_module(f"benchmarks.{name}")
        rows = module.measure()
        print(f"\n## {name}\n\n{harness.table(rows)}", flush=True)
        keep(name, module, rows)


def keep(name: str, module: ModuleType, rows: list[Row]) -> None:
    """Write kernel families and the front to the documentation, and any other result to ``benchmarks/results``."""
    folder, _, family = name.partition(".")
    about, notes = str(module.__doc__).strip(), getattr(module, "NOTES", ())
    if folder == "kernels":
        pages.publish(family, about, rows, notes)
    elif name == "serving.front":
        pages.publish_serving(about, rows, notes)
    else:
        harness.write(rows, RESULTS / f"{name}.json")


if __name__ == "__main__":
    main()
