"""Copies of calls for many models: one for each model with a shadow, all with the same call and answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from pretzel.data_plane.residency.routes import Route
from pretzel.data_plane.scheduling.cost import size_of
from pretzel.data_plane.shadow.copies import OF_COPY, Copier, Copy, Held, Values
from pretzel.data_plane.traffic.origin import Origin
from pretzel.plan.wire.shadows import answers_of_many, call_of_many

Drawn = list[tuple[int, Copier]]
"""Positions of models in a call, and what copies them."""


class ManyMessage:
    """A call for many models and its answer as bytes, decoded once for all of their copies."""

    def __init__(self, call: bytes, answer: bytes) -> None:
        self._call, self._answer = call, answer

    @cached_property
    def columns(self) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """The columns of the call, and the outputs that it asks for."""
        return call_of_many(self._call)

    @cached_property
    def answers(self) -> Sequence[Mapping[str, Any]]:
        """The outputs of each model."""
        return answers_of_many(self._answer)


class Member:
    """The part of one model in a call for many."""

    __slots__ = ("_message", "_position")

    def __init__(self, message: ManyMessage, position: int) -> None:
        self._message, self._position = message, position

    def values(self) -> Values:
        """Return the call and the model's answer as values."""
        return Values(*self._message.columns, self._message.answers[self._position])


def copiers_of(routes: Sequence[Route]) -> tuple[tuple[int, Copier], ...]:
    """Return what copies the calls for these models: one for each shadow, at the first model that has it."""
    found: dict[int, tuple[int, Copier]] = {}
    for position, route in enumerate(routes):
        if route.copier is not None:
            found.setdefault(id(route.copier.figures), (position, route.copier))
    return tuple(found.values())


def drawn_of(copiers: Sequence[tuple[int, Copier]], origin: Origin | None) -> Drawn:
    """Return those that a call is drawn for."""
    return [(position, copier) for position, copier in copiers if copier.sample.has(origin)]


def copy_many(call: bytes, answer: bytes, drawn: Drawn) -> None:
    """Copy a call by the bytes of its messages, which are kept by reference until the last copy has run.

    The values that the first copy decodes stay as long, and take about as much again.
    """
    message = ManyMessage(call, answer)
    held = Held(2 * (len(call) + len(answer)) + OF_COPY * len(drawn))
    for position, copier in drawn:
        copier.copies.add(Copy(copier, Member(message, position), held))


def copy_outcome(
    copier: Copier, columns: Mapping[str, Any], outputs: tuple[str, ...], results: Mapping[str, Any]
) -> None:
    """Copy the part of one model by values, which are kept by reference: those of a message do not change."""
    size = size_of(columns) + size_of(results) + OF_COPY
    copier.copies.add(Copy(copier, Values(columns, outputs, dict(results)), Held(size)))
