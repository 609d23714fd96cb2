"""Load plans from a cache as a worker does, in a process of its own, which runs this file.

It reads a JSON document of the folder, the mechanisms that are left out, and the plans with the original parameters of
each; it writes the growth of its proportional set and the seconds of the loads.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from pretzel import engine
from pretzel.data_plane.cache.reader import ObjectReader
from pretzel.data_plane.canonical import decode
from pretzel.plan.digest import Digest
from pretzel.plan.plan import Plan


def proportional_set() -> int:
    """Return the proportional set of this process in bytes."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def main() -> None:
    """Load the plans, build their programs, and print both figures."""
    wanted: dict[str, Any] = json.load(sys.stdin)
    reader, catalog = ObjectReader(Path(wanted["folder"])), engine.StageCatalog()
    reader.refresh()
    before, begun, kept = proportional_set(), time.process_time(), []
    for plan, original in wanted["plans"]:
        kept.append(_load(Digest.parse(plan), original, reader, catalog, wanted["without"]))
    seconds = time.process_time() - begun
    print(json.dumps({"bytes": proportional_set() - before, "seconds": seconds}))


def _load(digest: Digest, original: list[str], reader: ObjectReader, catalog: Any, without: list[str]) -> Any:
    plan = Plan.from_tree(decode(reader.fetch(digest)))
    proof = reader.prove([digest, *plan.objects])
    options = {"catalog": catalog, "without": without, "original": list(map(Digest.parse, original))}
    executable = engine.load(plan, proof.fetch, **options)
    executable.schedule(None)
    return executable, proof


if __name__ == "__main__":
    main()
