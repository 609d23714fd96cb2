"""Answers of every model on every asked row, compared with the library's."""

from __future__ import annotations

from typing import Any

import numpy as np

import pretzel
from benchmarks.paper.experiment import Context, Experiment, Found
from benchmarks.paper.markdown import table
from benchmarks.paper.workloads import Member, Workload

TOLERANCE = {8: 1e-9, 4: 1e-5}
"""By the bytes of a float, relative to the largest of an answer: a sum depends on its order, and BLAS chooses that."""
ALONE = 5
"""Rows that are asked one by one as well."""
METHODS = {"SA": ("predict", "predict_proba", "decision_function"), "AC": ("predict",)}


def measure(context: Context) -> Found:
    """Compare all models on all asked rows, at once and row by row."""
    found: Found = {"rows": {}, "headline": {}, "behind": []}
    for name, workload in context.workloads.items():
        one = {method: {"answers": 0, "equal": 0, "differing": 0, "largest": 0.0} for method in METHODS[name]}
        for number, member in enumerate(workload.members, 1):
            context.progress(f"{name}: answers of model {number} of {len(workload.members)}")
            _compare(member, workload, one)
        found["rows"][name] = one
    kinds = [part for one in found["rows"].values() for part in one.values()]
    differing = sum(part["differing"] for part in kinds)
    found["targets"] = {"answers that differ": differing}
    found["headline"] = {"answers compared": sum(part["answers"] for part in kinds), "answers that differ": differing}
    return found


def _compare(member: Member, workload: Workload, totals: dict[str, dict[str, Any]]) -> None:
    estimator = member.estimator()
    ours = pretzel.load(member.definition)
    for method, total in totals.items():
        wanted, answer = np.asarray(getattr(estimator, method)(workload.rows)), getattr(ours, method)
        _count(total, np.asarray(answer(workload.rows)), wanted)
        _count(total, np.concatenate([answer(workload.rows[i : i + 1]) for i in range(ALONE)]), wanted[:ALONE])


def _count(total: dict[str, Any], got: np.ndarray, wanted: np.ndarray) -> None:
    got, wanted = got.reshape(len(wanted), -1), wanted.reshape(len(wanted), -1)
    equal = (got == wanted).all(axis=1)
    total["answers"] += len(wanted)
    total["equal"] += int(equal.sum())
    if wanted.dtype.kind != "f":
        total["differing"] += int((~equal).sum())
        return
    scale = np.maximum(np.abs(wanted).max(axis=1), np.finfo(float).tiny)
    errors = np.abs(got - wanted).max(axis=1) / scale
    total["largest"] = max(total["largest"], float(errors.max(initial=0.0)))
    total["differing"] += int((~(errors <= TOLERANCE[wanted.dtype.itemsize])).sum())


def as_markdown(found: Found) -> str:
    """Return a table of the answers of each method."""
    heads = ("workload", "method", "answers", "the same bits", "within rounding", "differing", "largest relative error")
    rows = [
        (
            name,
            f"`{method}`",
            part["answers"],
            part["equal"],
            part["answers"] - part["equal"] - part["differing"],
            part["differing"],
            f"{part['largest']:.1e}",
        )
        for name, one in found["rows"].items()
        for method, part in one.items()
    ]
    return "\n\n".join([ABOUT, table(heads, rows)])


ABOUT = f"""\
Every model answers every asked row at once, and the first {ALONE} one by one; *differing* are labels that are not the
same, and numbers further than {TOLERANCE[8]:g} of the library's ({TOLERANCE[4]:g} in float32).  The paper reports no
such comparison."""

EXPERIMENT = Experiment("equality", "Answers compared with the library's", measure, as_markdown)
