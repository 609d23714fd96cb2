"""AC pipelines that ONNX Runtime converts and runs: latency in float64 against its float32, and memory."""

from __future__ import annotations

import logging
import statistics
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pretzel
from benchmarks.paper import plots
from benchmarks.paper.baselines.environments import SkippedError
from benchmarks.paper.caching import cached, filled
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.markdown import number, table
from benchmarks.paper.workloads import Member

MOST = 60
"""Models whose latency is measured."""
BATCH, CALLS, BATCHES = 100, 200, 5
MIB = float(1 << 20)


def measure(context: Context) -> Found:
    """Convert all, and measure those that run in turn with ours.

    Raises:
        SkippedError: ONNX Runtime or its converter is not installed.
    """
    try:
        import onnxruntime
        import skl2onnx
    except ImportError as error:
        raise SkippedError(f"{error.name} is not installed; run `make dev`") from error
    assert onnxruntime and skl2onnx
    workload = context.workloads["AC"]
    with tempfile.TemporaryDirectory() as folder:
        files, refused = _converted(context, workload.members, workload.rows, Path(folder))
        members = [member for member in workload.members if member.name in files]
        step = max(1, len(members) // MOST)
        pairs = [_pair(context, member, files[member.name], workload.rows) for member in members[::step][:MOST]]
        sessions = [str(files[member.name]) for member in members]
        theirs = filled({"kind": "onnx", "items": sessions, "stops": [len(sessions)]})
        kept = cached(members, Path(folder) / "cache", context.progress)
        wanted = {"kind": "pretzel", "folder": str(kept.folder), "items": kept.plans, "stops": [len(members)]}
        ours = filled(wanted)
    found: Found = {
        "models": len(workload.members),
        "converted": dict(Counter(member.parts[0] for member in members)),
        "refused": refused,
        "pairs": pairs,
        "memory": {"ours": ours[-1]["bytes"] - ours[0]["bytes"], "theirs": theirs[-1]["bytes"] - theirs[0]["bytes"]},
    }
    return found | _concluded(found)


def _converted(
    context: Context, members: Sequence[Member], rows: Any, folder: Path
) -> tuple[dict[str, Path], list[list[Any]]]:
    """Return the files of the models that convert and run, and the reasons of the others with their counts."""
    from skl2onnx import to_onnx

    files, reasons = {}, Counter[str]()
    logging.getLogger("skl2onnx").setLevel(logging.ERROR)
    for number_of, member in enumerate(members, 1):
        context.progress(f"ONNX: converts model {number_of} of {len(members)}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                encoded = to_onnx(member.estimator(), rows[:1].astype(np.float32)).SerializeToString()
            path = folder / f"{member.name}.onnx"
            path.write_bytes(encoded)
            _session(path)(rows[:2].astype(np.float32))
        except Exception as error:  # whatever converter and runtime raise for what they do not know
            reasons[f"{member.parts[0]}: {type(error).__name__}: {str(error).strip().splitlines()[0][:120]}"] += 1
            continue
        files[member.name] = path
    return files, [[reason, count] for reason, count in reasons.most_common()]


def _session(path: Path) -> Callable[[np.ndarray], Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda X: session.run(None, {name: X})[0]


def _pair(context: Context, member: Member, file: Path, rows: np.ndarray) -> dict[str, Any]:
    """Measure a model on both sides in turn: microseconds of a call of one row and of a batch, and the errors."""
    context.progress(f"ONNX: {member.name} is measured")
    ours, theirs, wanted = pretzel.load(member.definition).predict, _session(file), member.estimator().predict(rows)
    narrow = rows.astype(np.float32)
    sides = ((ours, rows), (theirs, narrow))
    taken: dict[str, Any] = {"name": member.name, "kind": member.parts[0]}
    for key, count, calls in (("one", 1, CALLS), ("batch", min(BATCH, len(rows)), BATCHES)):
        rounds = [[_microseconds(call, X[:count], calls) for call, X in sides] for _ in range(context.size.rounds)]
        taken[key] = [statistics.median(side) for side in zip(*rounds, strict=True)]
    scale = float(np.abs(wanted).max())
    taken["errors"] = [float(np.abs(np.asarray(call(X)).ravel() - wanted).max()) / scale for call, X in sides]
    return taken


def _microseconds(call: Callable[[Any], Any], X: Any, calls: int) -> float:
    call(X)
    begun = time.perf_counter()
    for _ in range(calls):
        call(X)
    return (time.perf_counter() - begun) / calls * 1e6


def _concluded(found: Found) -> Found:
    ratios = {key: [pair[key][1] / pair[key][0] for pair in found["pairs"]] for key in ("one", "batch")}
    if not ratios["one"]:
        return {"headline": {}, "targets": {}, "behind": []}
    memory = found["memory"]["theirs"] / max(1.0, found["memory"]["ours"])
    one = statistics.median(ratios["one"])
    slower = sum(ratio < 1 for ratio in ratios["one"])
    behind = (
        [f"ONNX Runtime is faster at one row on {slower} of {len(ratios['one'])} AC pipelines that it runs."]
        if slower
        else []
    )
    return {
        "targets": {"AC latency": one},
        "headline": {
            "AC pipelines that ONNX Runtime runs": sum(found["converted"].values()),
            "ONNX Runtime, time of one row, times ours": one,
            f"ONNX Runtime, time of {BATCH} rows, times ours": statistics.median(ratios["batch"]),
            "ONNX Runtime, memory, times ours": memory,
        },
        "behind": behind,
    }


def as_markdown(found: Found) -> str:
    """Return tables of what converts, of latency by kind, and of memory."""
    converted = sum(found["converted"].values())
    parts = [
        f"`skl2onnx` converts {converted} of {found['models']} AC pipelines, and ONNX Runtime runs them, in float32 on "
        "one thread.  Pretzel computes in float64, as scikit-learn does.",
    ]
    if found["refused"]:
        parts.append(table(("not converted", "pipelines"), found["refused"]))
    if not found["pairs"]:
        return "\n\n".join(parts)
    rows = []
    for kind in dict.fromkeys(pair["kind"] for pair in found["pairs"]):
        for key, label in (("one", "1"), ("batch", str(BATCH))):
            pairs = [pair for pair in found["pairs"] if pair["kind"] == kind]
            ours, theirs = (statistics.median(pair[key][side] for pair in pairs) for side in (0, 1))
            ratios = sorted(pair[key][1] / pair[key][0] for pair in pairs)
            spread = f"{number(ratios[0])} to {number(ratios[-1])}"
            rows.append((kind, len(pairs), label, ours, theirs, statistics.median(ratios), spread))
    heads = ("kind", "pipelines", "rows", "Pretzel, us a call", "ONNX Runtime, us a call", "times", "range")
    errors = [max(pair["errors"][side] for pair in found["pairs"]) for side in (0, 1)]
    memory = found["memory"]
    said = [
        f"Memory of all {converted} over the empty process: Pretzel {number(memory['ours'] / MIB)} MB, "
        f"ONNX Runtime {number(memory['theirs'] / MIB)} MB.",
        f"Largest error, of the largest answer of scikit-learn: Pretzel {errors[0]:.1e}, ONNX Runtime {errors[1]:.1e}.",
        *found["behind"],
    ]
    return "\n\n".join([*parts, table(heads, rows), "\n".join(f"- {line}" for line in said)])


def draw(found: Found, figure: Any) -> None:
    """Draw the time of one row of each pipeline on both sides."""
    axis = figure.subplots()
    for kind, marker in zip(dict.fromkeys(pair["kind"] for pair in found["pairs"]), "ox^", strict=False):
        points = [pair["one"] for pair in found["pairs"] if pair["kind"] == kind]
        axis.plot(
            *zip(*points, strict=True), marker, ms=4, color=plots.OURS if marker == "o" else plots.THEIRS, label=kind
        )
    axis.axline((10, 10), slope=1, color="black", ls=":")
    axis.set(xscale="log", yscale="log", xlabel="Pretzel, us", ylabel="ONNX Runtime, us")
    axis.legend()


EXPERIMENT = Experiment("onnx", "ONNX Runtime on the AC pipelines that it runs", measure, as_markdown, draw)
