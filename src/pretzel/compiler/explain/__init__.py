"""Says what becomes of a definition: operators, the rules that fired and what each saved, stages, kernels, sizes."""

from __future__ import annotations

from collections.abc import Callable

from pretzel.compiler.explain.explanation import Evidence, Explanation
from pretzel.compiler.explain.graphs import as_dot, as_mermaid
from pretzel.compiler.explain.json import as_json
from pretzel.compiler.explain.svg import as_svg
from pretzel.compiler.explain.text import as_text
from pretzel.errors import InputError
from pretzel.plan.definition import Definition
from pretzel.plan.plan import Plan

__all__ = ["FORMATS", "Evidence", "Explanation", "explain"]

FORMATS: dict[str, Callable[[Explanation, bool], str]] = {
    "text": as_text,
    "json": as_json,
    "dot": as_dot,
    "mermaid": as_mermaid,
    "svg": as_svg,
}
"""Each format with the function that writes it."""


def explain(
    definition: Definition,
    plan: Plan | None = None,
    *,
    format: str = "text",
    verbose: bool = False,
    evidence: Evidence | None = None,
) -> str:
    """Explain a definition, as it was imported, and the plan it becomes.

    Args:
        definition: what the importer made; it is optimized again here, and the trace is what is told.
        plan: its plan, where it is known; otherwise it is compiled here.
        format: one of :data:`FORMATS`.
        verbose: give the whole text of the definition before and after each rule.
        evidence: who else holds its parameters, and how long its kernels took, where that is known.

    Raises:
        InputError: there is no such format.
    """
    if format not in FORMATS:
        raise InputError(f"format {format!r}: expected one of {', '.join(FORMATS)}")
    return FORMATS[format](Explanation.of(definition, plan, evidence), verbose)
