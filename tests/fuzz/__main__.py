"""Run campaigns: ``python -m tests.fuzz [--seconds 30] [--seed 0] [TARGET ...]``; faults go to build/fuzz-found."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

from tests.fuzz.coverage import Map
from tests.fuzz.engine import Campaign, Findings
from tests.fuzz.runner import ROOT, Runner
from tests.fuzz.target import NAMES, committed, load

FOUND, CORPORA = ROOT / "build" / "fuzz-found", ROOT / "build" / "fuzz-corpus"


def main() -> int:
    """Return 1 if a fault was found, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Look for faults in parsers.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(NAMES)}; default: all")
    parser.add_argument("--seconds", type=float, default=30.0, help="per target")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    unknown = sorted({*options.targets} - {*NAMES})
    if unknown:
        parser.error(f"unknown target {unknown[0]!r}; choose from {', '.join(NAMES)}")
    findings = {name: fuzz(name, options.seconds, options.seed) for name in options.targets or NAMES}
    return int(any(one.faults for one in findings.values()))


def fuzz(name: str, seconds: float, seed: int) -> Findings:
    """Run a campaign from the target's seeds, its committed corpus, and the inputs that earlier campaigns stored."""
    target, corpus = load(name), CORPORA / name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = [*target.seeds(), *(path.read_bytes() for path in (*committed(name), *sorted(corpus.iterdir())))]
    with tempfile.TemporaryDirectory() as directory:
        shared = Path(directory, "map")
        campaign_map = Map(shared)
        with Runner(name, shared) as runner:
            campaign = Campaign(target, runner, campaign_map, FOUND / name, seed=seed)
            findings = campaign.run(seeds, seconds=seconds)
    for data in campaign.corpus:
        (corpus / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{name:20} {findings}", flush=True)
    for fault in findings.faults:
        print(f"  {fault}  (build/fuzz-found/{name})", flush=True)
    return findings


if __name__ == "__main__":
    sys.exit(main())
