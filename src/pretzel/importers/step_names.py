"""The steps that nodes were made by, in the names that a user gave them: ``pre__text__tfidf``, as in ``set_params``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pretzel.plan import ops
from pretzel.plan.graph import topological
from pretzel.plan.node import Node
from pretzel.plan.steps import LONGEST, Names, added

_FITTED = re.compile(r"\w*_(\[.*\])?", re.DOTALL)
"""A fitted attribute, or a member of one: ``estimators_[3]``."""


class StepNames:
    """The names of the innermost steps that made each node of one import."""

    def __init__(self) -> None:
        """Begin without nodes."""
        self.of: dict[Node, Names] = {}

    def clear(self) -> None:
        """Discard all names before an import restarts."""
        self.of.clear()

    def note(self, parts: tuple[str, ...], made: Any, given: Iterable[Any]) -> None:
        """Record that a step made nodes of those that it was given; steps inside of it recorded theirs before.

        Args:
            parts: the parts of the step's path below the model.
            made: its methods, or its columns for the next step.
            given: the nodes that it reads, and inputs whose type is open, which are passed over.
        """
        name = name_of(parts)
        if not name:
            return
        inner = f"{name}__"
        before = set(topological(part for part in given if isinstance(part, Node)))
        results = made.values() if isinstance(made, Mapping) else made.parts
        stack = [part for part in results if isinstance(part, Node)]
        seen = set(stack)
        while stack:
            node = stack.pop()
            known = self.of.get(node)
            if isinstance(node, ops.Input) or (known is not None and node in before):
                continue
            if not any(one == name or one.startswith(inner) for one in known or ()):
                self.of[node] = added(known or (), [name])
            for child in node.inputs:
                if child not in seen:
                    seen.add(child)
                    stack.append(child)


def name_of(parts: Iterable[str]) -> str:
    """Return the name of a step by the parts of its path, up to one that the user did not name: a fitted attribute."""
    named: list[str] = []
    for part in parts:
        if _FITTED.fullmatch(part):
            break
        named.append(part)
    return "".join(c if c.isprintable() else "?" for c in "__".join(named))[:LONGEST]
