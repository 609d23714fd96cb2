"""Write an explanation as JSON."""

from __future__ import annotations

import json
from typing import Any

from pretzel.compiler.explain.explanation import Explanation, cost_tree
from pretzel.plan.plan import Stage
from pretzel.plan.render import render


def as_json(report: Explanation, verbose: bool, width: int) -> str:
    """Return the explanation as one JSON object."""
    return json.dumps(tree(report, verbose), ensure_ascii=False, indent=2)


def tree(report: Explanation, verbose: bool) -> dict[str, Any]:
    """Return the explanation as values for JSON."""
    return {
        "title": report.title,
        "metadata": dict(report.definition.metadata),
        "definition": render(report.definition).splitlines(),
        "optimized": render(report.optimized).splitlines(),
        "before": cost_tree(report.before),
        "after": cost_tree(report.after),
        "shared": [{"operator": s.node.name, "type": str(s.node.type), "readers": s.readers} for s in report.shared],
        "rules": [_step(step, verbose) for step in report.trace.steps],
        "finished": report.trace.finished,
        "plan": _plan(report),
    }


def _step(step: Any, verbose: bool) -> dict[str, Any]:
    plain = {"rule": step.rule, "summary": step.summary, "places": step.places, "saved": cost_tree(step.saved)}
    texts = {"before": render(step.before).splitlines(), "after": render(step.after).splitlines()}
    return plain | texts if verbose else plain


def _plan(report: Explanation) -> dict[str, Any]:
    plan = report.plan
    return {
        "digest": str(plan.digest),
        "kernel_set": plan.kernel_set,
        "parameter_bytes": plan.parameter_bytes,
        "inputs": [{"name": column.name, "type": str(column.type)} for column in plan.inputs],
        "columns": [{"name": column.name, "type": column.type and str(column.type)} for column in report.columns],
        "shared_bytes": report.shared_bytes if report.evidence.sharing else None,
        "stages": [_stage(report, i, stage) for i, stage in enumerate(plan.stages)],
        "passes": [
            {"bound": one.kind, "breaks": one.breaks, "slots": [len(plan.inputs) + i for i in one.stages]}
            for one in report.passes
        ],
        "outputs": [{"name": o.name, "slot": o.slot, "labels": o.labels and str(o.labels)} for o in plan.outputs],
    }


def _stage(report: Explanation, i: int, stage: Stage) -> dict[str, Any]:
    return {
        "slot": len(report.plan.inputs) + i,
        "operator": stage.operator,
        "steps": list(report.steps[i]),
        "kernel": stage.kernel,
        "attributes": dict(stage.attributes),
        "inputs": list(stage.inputs),
        "type": str(stage.type),
        "fingerprint": stage.fingerprint,
        "work": report.works[i],
        "seconds": report.seconds[i],
        "expected_seconds": report.expected[i],
        "share": report.shares[i],
        "other_models": report.others(stage),
        "parameters": [
            {"name": name, "digest": str(digest), "bytes": digest.size, "derived": digest not in report.original}
            for name, digest in stage.parameters.items()
        ],
    }
