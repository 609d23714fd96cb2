"""`python -m tests.day [--models N] [--page FILE]`: run the day and print its table; `make test-day` calls it."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from tests.day.page import page
from tests.day.script import run


def main() -> int:
    """Run the day; return 1 if a call or a deployment was lost, or something else went wrong."""
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")  # otherwise it logs each broken connection
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    parser.add_argument("--models", type=int, default=300, help="models of the system (default: 300)")
    parser.add_argument("--page", type=Path, help="file to write the page to")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pretzel-day-", ignore_cleanup_errors=True) as root:
        record = run(Path(root), asked.models)
    print(f"\n{record.table()}")
    for problem in record.problems:
        print(f"PROBLEM: {problem}")
    if asked.page:
        asked.page.parent.mkdir(parents=True, exist_ok=True)
        asked.page.write_text(page(record, asked.models))
    return int(not record.passed)


if __name__ == "__main__":
    raise SystemExit(main())
