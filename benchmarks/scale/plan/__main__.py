"""Print the tables of the plan: ``python -m benchmarks.scale.plan [table ...] [--write]``.

``--write`` puts them into ``docs/scale.md``.  They are computed from measured figures and stated assumptions, and are
the same in each run.  `benchmarks.scale.plan.saturation` measures the control plane.
"""

from __future__ import annotations

import argparse

from benchmarks.scale.plan.measured import read
from benchmarks.scale.plan.page import PAGE, filled
from benchmarks.scale.plan.tables import TABLES


def main() -> None:
    """Print the named tables, by default all; write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"some of {', '.join(TABLES)}; all by default")
    parser.add_argument("--write", action="store_true", help=f"write them to {PAGE.name}")
    options = parser.parse_args()
    if unknown := [name for name in options.tables if name not in TABLES]:
        parser.error(f"unknown table {unknown[0]!r}; expected some of {', '.join(TABLES)}")
    found = read()
    tables = {name: TABLES[name](found) for name in options.tables or TABLES}
    for name, lines in tables.items():
        print(f"{name}\n" + "\n".join(lines) + "\n", flush=True)
    if options.write:
        PAGE.write_text(filled(PAGE.read_text(), tables))


if __name__ == "__main__":
    main()
