"""Load models one after the other in a process of its own, which runs this file, and measure memory and time.

It reads a line of JSON: the kind of the models, what to load, after how many to stop and measure, and the mechanisms
that plans do without.  At each stop it writes a line: models, bytes of the process, and seconds and processor seconds
of all loads so far.  Unpickling ends early if little memory is left.
"""

from __future__ import annotations

import json
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LEAST_FREE = 3 << 30
"""Bytes that the rest of the machine keeps."""
PAGE = 4096


def proportional_set() -> int:
    """Return the proportional set of this process in bytes."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def available() -> int:
    """Return the bytes that the machine has left."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:")))


def of_pretzel(wanted: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a function that loads a plan from the cache, as a worker does."""
    from pretzel import engine
    from pretzel.data_plane.cache.reader import ObjectReader
    from pretzel.data_plane.canonical import decode
    from pretzel.plan.digest import Digest
    from pretzel.plan.plan import Plan

    reader, catalog = ObjectReader(Path(wanted["folder"])), engine.StageCatalog()
    reader.refresh()
    without = wanted.get("without", ())

    def load(item: Any) -> Any:
        digest, original = Digest.parse(item[0]), list(map(Digest.parse, item[1]))
        plan = Plan.from_tree(decode(reader.fetch(digest)))
        proof = reader.prove([digest, *plan.objects])
        executable = engine.load(plan, proof.fetch, catalog=catalog, original=original, without=without)
        executable.schedule(None)
        return executable, proof, [proof.fetch(one) for one in plan.objects]

    return load


def of_library(wanted: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a function that unpickles a model from its own file."""
    import lightgbm
    import sklearn.pipeline

    assert lightgbm and sklearn.pipeline  # their memory is not that of the models

    def load(item: str) -> Any:
        return pickle.loads(Path(item).read_bytes())

    return load


def of_onnx(wanted: dict[str, Any]) -> Callable[[Any], Any]:
    """Return a function that makes a session of ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1

    def load(item: str) -> Any:
        return onnxruntime.InferenceSession(item, options, providers=["CPUExecutionProvider"])

    return load


def touch(kept: list[Any]) -> int:
    """Read each page of the parameters that are mapped, so that all of them count."""
    return sum(
        memoryview(blob).cast("B")[::PAGE].tobytes().count(0) for *_, blobs in kept for blob in blobs if len(blob)
    )


def report(models: int, seconds: float, processor: float) -> None:
    """Print a line."""
    found = {"models": models, "bytes": proportional_set(), "seconds": seconds, "processor": processor}
    print(json.dumps(found), flush=True)


def main() -> None:
    """Load the models, and print a line at each stop."""
    wanted: dict[str, Any] = json.loads(sys.stdin.readline())
    load = {"pretzel": of_pretzel, "library": of_library, "onnx": of_onnx}[wanted["kind"]](wanted)
    kept: list[Any] = []
    seconds = processor = 0.0
    report(0, seconds, processor)
    for number, item in enumerate(wanted["items"], 1):
        begun, used = time.perf_counter(), time.process_time()
        kept.append(load(item))
        seconds, processor = seconds + time.perf_counter() - begun, processor + time.process_time() - used
        full = wanted["kind"] == "library" and available() < LEAST_FREE
        if number in wanted["stops"] or full:
            if wanted["kind"] == "pretzel":
                touch(kept)
            report(number, seconds, processor)
        if full:
            break
    if wanted.get("wait"):
        sys.stdin.read()  # until the other side ends


if __name__ == "__main__":
    main()
