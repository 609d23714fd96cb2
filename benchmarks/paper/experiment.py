"""An experiment: a function that measures, and two that print and draw its results.

``Found["headline"]`` maps a name with its unit, such as ``SA, hot P99, us``, to a number: ``compare`` lays those of two
machines next to each other.  ``Found["targets"]`` maps the name of a target of ``targets.py`` to the number measured.
``Found["behind"]`` lists sentences on where Pretzel is behind, and to whom, and ``Found["extrapolated"]`` on what was
extrapolated.  All may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.paper.sizes import Size
from benchmarks.paper.workloads import Workload

Found = dict[str, Any]
"""Measured numbers, as JSON holds them."""


@dataclass(frozen=True)
class Context:
    """All that an experiment may use."""

    size: Size
    workloads: Mapping[str, Workload]
    """``SA`` and ``AC``."""
    progress: Callable[[str], None]
    """Is called with a few words on the next measurement."""
    install: bool = False
    """Install the rivals that are missing, each into an environment of its own."""


@dataclass(frozen=True)
class Experiment:
    """One function, one table, one plot."""

    name: str
    """The key of its result, such as ``memory``."""
    title: str
    measure: Callable[[Context], Found]
    """Raises ``SkippedError``, whose message says in one line what to do, if it cannot run here."""
    table: Callable[[Found], str]
    """The Markdown of its section: tables with the paper's own numbers, and sentences on what is missed, and why."""
    draw: Callable[[Found, Any], None] | None = None
    """Draws into a matplotlib ``Figure``."""
