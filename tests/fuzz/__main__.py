"""Campaigns: ``python -m tests.fuzz [--seconds 30] [--seed 0] [TARGET ...]``; what they find is in build/fuzz-found."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

from tests.fuzz.coverage import Map
from tests.fuzz.engine import Campaign, Found
from tests.fuzz.runner import ROOT, Runner
from tests.fuzz.target import NAMES, committed, load

FOUND, CORPORA = ROOT / "build" / "fuzz-found", ROOT / "build" / "fuzz-corpus"


def main() -> int:
    """Return 1 where a fault was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Look for faults of parsers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all where none is named")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each target")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    wrong = sorted({*options.targets} - {*NAMES})
    if wrong:
        parser.error(f"no target {wrong[0]!r}; there are {', '.join(NAMES)}")
    found = {name: fuzz(name, options.seconds, options.seed) for name in options.targets or NAMES}
    return int(any(one.faults for one in found.values()))


def fuzz(name: str, seconds: float, seed: int) -> Found:
    """Run a campaign from the seeds, from what is committed, and from what earlier campaigns kept."""
    target, kept = load(name), CORPORA / name
    kept.mkdir(parents=True, exist_ok=True)
    seeds = [*target.seeds(), *(path.read_bytes() for path in (*committed(name), *sorted(kept.iterdir())))]
    with tempfile.TemporaryDirectory() as directory:
        shared = Path(directory, "map")
        campaign_map = Map(shared)
        with Runner(name, shared) as runner:
            campaign = Campaign(target, runner, campaign_map, FOUND / name, seed=seed)
            found = campaign.run(seeds, seconds=seconds)
    for data in campaign.corpus:
        (kept / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{name:20} {found}", flush=True)
    for fault in found.faults:
        print(f"  {fault}  (build/fuzz-found/{name})", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
