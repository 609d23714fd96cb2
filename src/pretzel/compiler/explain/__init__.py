"""Explain how a definition is compiled: operators, the rules that fired and their savings, stages, kernels, sizes."""

from __future__ import annotations

from collections.abc import Callable, Collection

from pretzel.compiler.explain.explanation import Evidence, Explanation
from pretzel.compiler.explain.graphs import as_dot, as_mermaid
from pretzel.compiler.explain.json import as_json
from pretzel.compiler.explain.summary import as_summary
from pretzel.compiler.explain.svg import as_svg
from pretzel.compiler.explain.text import as_text
from pretzel.errors import InputError
from pretzel.plan.controls import escaped, visible
from pretzel.plan.definition import Definition
from pretzel.plan.plan import Plan

__all__ = ["FORMATS", "Evidence", "Explanation", "explain"]

WIDTH, NARROWEST = 110, 40
"""Columns of a text unless others are asked for, and the fewest."""
FORMATS: dict[str, Callable[[Explanation, bool, int], str]] = {
    "text": as_text,
    "json": as_json,
    "dot": as_dot,
    "mermaid": as_mermaid,
    "svg": as_svg,
    "summary": as_summary,
}
"""The function that writes each format."""


def explain(
    definition: Definition,
    plan: Plan | None = None,
    *,
    format: str = "text",
    verbose: bool = False,
    evidence: Evidence | None = None,
    width: int = WIDTH,
    without: Collection[str] = (),
) -> str:
    """Explain an imported definition and the plan it compiles to; control characters of names are escaped.

    Args:
        definition: the definition from the importer; it is optimized again to record the trace.
        plan: its plan, if already compiled; otherwise it is compiled here.
        format: one of :data:`FORMATS`.
        verbose: include the full text of the definition before and after each rule.
        width: columns of the terminal, for summaries and texts; at least 40 are used.
        evidence: models that share its parameters, and measured times of its kernels, if known.
        without: rules that the plan was compiled without.

    Raises:
        InputError: the format is unknown.
    """
    if format not in FORMATS:
        raise InputError(f"format {format!r}: expected one of {', '.join(FORMATS)}")
    text = FORMATS[format](Explanation.of(definition, plan, evidence, without), verbose, max(width, NARROWEST))
    return escaped(text) if format == "json" else visible(text)
