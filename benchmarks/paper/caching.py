"""A workload as a worker holds it: compiled, with plans and distinct parameters in a cache on disk."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.paper.workloads import Member
from benchmarks.serving.worker import put
from pretzel.compiler.without import NOTHING
from pretzel.data_plane.cache.store import ObjectCache

FILLING = Path(__file__).with_name("filling.py")
SECONDS = 1800


@dataclass(frozen=True)
class Cached:
    """The plans of some members in a cache."""

    folder: Path
    plans: Sequence[tuple[str, Sequence[str]]]
    """Of each member: the digest of its plan, and those of its parameters before optimization."""
    compile_seconds: Sequence[float]
    distinct_bytes: int
    """Of all parameters and plans, each counted once."""
    copied_bytes: int
    """The same, counted once for each member."""


def cached(members: Sequence[Member], folder: Path, progress: Callable[[str], None]) -> Cached:
    """Compile members, and keep plans and parameters in a folder."""
    cache, plans, seconds, copied = ObjectCache(folder), [], [], 0
    sizes: dict[Any, int] = {}
    for number, member in enumerate(members, 1):
        progress(f"{member.name} is compiled, {number} of {len(members)}")
        definition = member.exported()
        begun = time.perf_counter()
        optimized = NOTHING.optimized(definition)
        compiled = NOTHING.compiled(optimized)
        seconds.append(time.perf_counter() - begun)
        put(cache, compiled)
        own = {digest: len(blob) for digest, blob in compiled.blobs.items()}
        own[compiled.plan.digest] = len(compiled.plan.encoded)
        sizes |= own
        copied += sum(own.values())
        plans.append((str(compiled.plan.digest), list(map(str, optimized.parameters))))
    cache.close()
    return Cached(folder, plans, seconds, sum(sizes.values()), copied)


def filled(wanted: Mapping[str, Any]) -> list[dict[str, float]]:
    """Let a process of its own load models, and return what it measured at each of its stops.

    Raises:
        RuntimeError: it failed; the message is its last line.
    """
    command = [sys.executable, "-P", str(FILLING)]  # without this package, whose imports take memory
    ran = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, timeout=SECONDS)
    if ran.returncode:
        raise RuntimeError(f"models cannot be loaded: {(ran.stderr.strip().splitlines() or ['?'])[-1]}")
    return [json.loads(line) for line in ran.stdout.splitlines()]
