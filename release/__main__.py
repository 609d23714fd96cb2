"""Build the packages of the checkout into dist/ (`python -m release dist`); check, build and tag them (`... tag`)."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from release.checks import Refused, check_release, version_of
from release.packages import build, git

ROOT = Path(__file__).parents[1]


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run one of the two verbs, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m release", description=__doc__)
    parser.add_argument("verb", choices=["dist", "tag"])
    parser.add_argument("--python", action="append", default=[], help="an interpreter to build a wheel for; repeatable")
    options = parser.parse_args(arguments)
    try:
        version = check_release(root) if options.verb == "tag" else version_of(root)
        built = build(root, version, options.python or os.environ.get("PYTHONS", "").split() or [sys.executable])
        for path in built:
            print(f"{path.relative_to(root)}  {path.stat().st_size:,} bytes")
        if options.verb == "tag":
            git(root, "tag", "--annotate", f"v{version}", "--message", f"Pretzel {version}")
            print(f"tagged v{version}; push it: git push origin v{version}")
    except Refused as refused:
        print(f"error: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
