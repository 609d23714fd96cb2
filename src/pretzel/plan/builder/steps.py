"""Building one step: convert its arguments, check it, and name its line in errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from pretzel.errors import DefinitionError
from pretzel.plan.builder.arrays import attribute, parameter
from pretzel.plan.builder.describing import operator_named
from pretzel.plan.builder.places import misfit, place_of_caller
from pretzel.plan.node import Node
from pretzel.plan.types import ValueType

S = TypeVar("S", bound="Steps")
T = TypeVar("T")
PROBLEMS = (DefinitionError, TypeError, ValueError, OverflowError)


class Steps:
    """A node and where it was written, with the one method from which the named ones are made."""

    __slots__ = ("names", "node", "place", "step_name")

    def __init__(self, node: Node, step: str = "", place: str = "", names: tuple[str, ...] = ()) -> None:
        """Wrap a node, made by ``step`` at ``place``; ``names`` are the columns of the tables it comes from."""
        self.node, self.step_name, self.place, self.names = node, step or node.name, place, names

    @property
    def type(self) -> ValueType:
        """The type of the value."""
        return self.node.type

    def apply(self, operator: str, *others: Self, **fields: Any) -> Self:
        """Return the value of any operator of the language over this value.

        Args:
            operator: its name; ``describe()`` lists all, and ``describe(operator)`` describes its fields.
            others: its further inputs, in the order of its fields.
            fields: its attributes, and its parameters as arrays of exactly the dtypes that it takes.
        """
        return self.step(operator, *others, **fields)

    def step(self, operator: str, *others: Any, called: str = "", **fields: Any) -> Self:
        """Do as :meth:`apply`, under the name of the method that was called, which messages give."""
        return made(type(self), operator, (self, *others), fields, called or operator)

    def argument(self, called: str, field: str, convert: Callable[..., T], *arguments: Any) -> T:
        """Return a converted argument, or raise an error that names the step, the line and the field."""
        try:
            return convert(*arguments)
        except PROBLEMS as error:
            raise DefinitionError(f"{called} ({place_of_caller()}): {field}: {error}") from None

    def misused(self, called: str, problem: str) -> DefinitionError:
        """Return the error for a wrong argument of a method, with the line that calls it."""
        return DefinitionError(f"{called} ({place_of_caller()}): {problem}")

    def __repr__(self) -> str:
        """Return the step, its line and its type."""
        return f"<{self.step_name} of {self.place}: {self.type}>"

    def __reduce__(self) -> Any:
        """Reject pickling: save the pipeline instead."""
        raise TypeError("a value of a pipeline is not pickled; save the pipeline instead")


def made(kind: type[S], operator: str, parts: Sequence[Any], fields: Mapping[str, Any], called: str) -> S:
    """Return the value of an operator over parts.

    Raises:
        DefinitionError: it does not fit; see :func:`pretzel.plan.builder.places.misfit`.
    """
    place = place_of_caller()
    try:
        operation = operator_named(operator)
        odd = [part for part in parts if not isinstance(part, Steps)]
        if odd:
            raise DefinitionError(f"expected values of a pipeline, got {type(odd[0]).__name__} {odd[0]!r:.80}")
        values = _fields(operation, fields)
    except PROBLEMS as error:
        raise DefinitionError(f"{called} ({place}): {error}") from None
    try:
        node = operation.build([part.node for part in parts], values)
    except PROBLEMS as error:
        raise misfit(called, operation, str(error), parts, lambda nodes: operation.build(nodes, values)) from None
    return kind(node, called, place, _names(parts))


def _fields(operator: type[Node], given: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in given.items():
        annotation = operator.fields.get(name, "")
        if value is None and annotation.endswith(" | None"):
            continue
        try:
            values[name] = parameter(value) if "Parameter" in annotation else attribute(annotation, value)
        except DefinitionError as error:
            raise DefinitionError(f"{name}: {error}") from None
    return values


def _names(parts: Iterable[Steps]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for part in parts for name in part.names))
