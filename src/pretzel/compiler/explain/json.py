"""An explanation for programs."""

from __future__ import annotations

import json
from typing import Any

from pretzel.compiler.explain.explanation import Explanation, cost_tree
from pretzel.plan.plan import Stage
from pretzel.plan.render import render


def as_json(told: Explanation, verbose: bool) -> str:
    """Return the explanation as one JSON object."""
    return json.dumps(tree(told, verbose), ensure_ascii=False, indent=2)


def tree(told: Explanation, verbose: bool) -> dict[str, Any]:
    """Return the explanation as plain values."""
    return {
        "title": told.title,
        "metadata": dict(told.definition.metadata),
        "definition": render(told.definition).splitlines(),
        "optimized": render(told.optimized).splitlines(),
        "before": cost_tree(told.before),
        "after": cost_tree(told.after),
        "shared": [{"operator": s.node.name, "type": str(s.node.type), "readers": s.readers} for s in told.shared],
        "rules": [_step(step, verbose) for step in told.trace.steps],
        "finished": told.trace.finished,
        "plan": _plan(told),
    }


def _step(step: Any, verbose: bool) -> dict[str, Any]:
    plain = {"rule": step.rule, "summary": step.summary, "places": step.places, "saved": cost_tree(step.saved)}
    texts = {"before": render(step.before).splitlines(), "after": render(step.after).splitlines()}
    return plain | texts if verbose else plain


def _plan(told: Explanation) -> dict[str, Any]:
    plan = told.plan
    return {
        "digest": str(plan.digest),
        "kernel_set": plan.kernel_set,
        "parameter_bytes": plan.parameter_bytes,
        "inputs": [{"name": column.name, "type": str(column.type)} for column in plan.inputs],
        "columns": [{"name": column.name, "type": column.type and str(column.type)} for column in told.columns],
        "shared_bytes": told.shared_bytes if told.evidence.sharing else None,
        "stages": [_stage(told, i, stage) for i, stage in enumerate(plan.stages)],
        "passes": [
            {"bound": one.kind, "breaks": one.breaks, "slots": [len(plan.inputs) + i for i in one.stages]}
            for one in told.passes
        ],
        "outputs": [{"name": o.name, "slot": o.slot, "labels": o.labels and str(o.labels)} for o in plan.outputs],
    }


def _stage(told: Explanation, i: int, stage: Stage) -> dict[str, Any]:
    return {
        "slot": len(told.plan.inputs) + i,
        "operator": stage.operator,
        "kernel": stage.kernel,
        "attributes": dict(stage.attributes),
        "inputs": list(stage.inputs),
        "type": str(stage.type),
        "fingerprint": stage.fingerprint,
        "work": told.works[i],
        "seconds": told.seconds[i],
        "expected_seconds": told.expected[i],
        "share": told.shares[i],
        "other_models": told.others(stage),
        "parameters": [
            {"name": name, "digest": str(digest), "bytes": digest.size, "derived": digest not in told.original}
            for name, digest in stage.parameters.items()
        ],
    }
