"""Build NFAs of token patterns: states that read one character, assert, mark, or choose in order of preference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pretzel.plan.regex.pattern import ONE_CHARACTER, members, name_of, parse

MAX_STATES = 2_000
"""Largest NFA: counted repeats are expanded."""
START, OPEN, CLOSE = 1, 2, 4
"""Marks that a step sets: start of a token, start and end of its group."""
_ASSERTIONS = {
    "AT_BOUNDARY": "boundary",
    "AT_NON_BOUNDARY": "inside",
    "AT_BEGINNING_STRING": "begins",
    "AT_END_STRING": "ends",
}


@dataclass(frozen=True, slots=True)
class State:
    """A state of an NFA: a character of a set, an assertion, marks, a choice, or the end, which has none of these."""

    set: int = -1
    assertion: str = ""
    marks: int = 0
    next: tuple[int, ...] = ()
    """The next states, in order of preference."""


class Nfa:
    """The states of a pattern, and the sets of characters that they refer to."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.parsed = parse(pattern)
        self.flags = self.parsed.state.flags
        self.states: list[State] = [State()]
        self.items: list[Any] = []
        if self.parsed.state.groups > 2:
            raise self.fail("it has more than one group that captures")
        if self.parsed.getwidth()[0] < 1:
            raise self.fail("it matches the empty text")
        self.first = self._sequence(list(self.parsed), 0, capture=True)

    def fail(self, reason: str) -> ValueError:
        return ValueError(f"pattern {self.pattern!r}: {reason}")

    def sets(self) -> np.ndarray:
        """Return a mask of code points for each set."""
        return np.array([members(item, self.parsed.state) for item in self.items]).reshape(len(self.items), -1)

    def _add(self, state: State) -> int:
        if len(self.states) == MAX_STATES:
            raise self.fail("it is too long after its repeats are expanded")
        self.states.append(state)
        return len(self.states) - 1

    def _sequence(self, items: Sequence[Any], after: int, capture: bool = False) -> int:
        """Return the first state of the items in sequence, followed by ``after``."""
        for item in reversed(items):
            after = self._item(item, after, capture)
        return after

    def _item(self, item: Any, after: int, capture: bool) -> int:
        kind = name_of(item)
        if kind in ONE_CHARACTER:
            if item not in self.items:
                self.items.append(item)
            return self._add(State(set=self.items.index(item), next=(after,)))
        builders = {
            "AT": self._assertion,
            "BRANCH": self._branch,
            "SUBPATTERN": self._group,
            "MAX_REPEAT": self._repeat,
            "MIN_REPEAT": self._repeat,
        }
        if kind not in builders:
            raise self.fail(f"{kind.lower().replace('_', ' ')} is not supported by the automaton")
        return builders[kind](item, after, capture)

    def _assertion(self, item: Any, after: int, capture: bool) -> int:
        kind = str(item[1])
        multiline = bool(self.flags & re.MULTILINE)
        if kind == "AT_BEGINNING":
            assertion = "begins line" if multiline else "begins"
        elif kind == "AT_END" and multiline:
            assertion = "ends line"
        elif kind in _ASSERTIONS:
            assertion = _ASSERTIONS[kind]
        else:
            raise self.fail(r"$ looks two characters ahead; use \Z, or (?m)")
        return self._add(State(assertion=assertion, next=(after,)))

    def _branch(self, item: Any, after: int, capture: bool) -> int:
        return self._add(State(next=tuple(self._sequence(list(way), after) for way in item[1][1])))

    def _group(self, item: Any, after: int, capture: bool) -> int:
        group, add, remove, body = item[1]
        if add or remove:
            raise self.fail("flags for a part of it are not supported")
        if group is None:
            return self._sequence(list(body), after, capture)
        if not capture:
            raise self.fail("a group that captures is inside a repeat or a choice")
        if body.getwidth()[0] < 1:
            raise self.fail("its group matches the empty text")
        end = self._add(State(marks=CLOSE, next=(after,)))
        return self._add(State(marks=OPEN, next=(self._sequence(list(body), end),)))

    def _repeat(self, item: Any, after: int, capture: bool) -> int:
        least, most, body = int(item[1][0]), int(item[1][1]), item[1][2]
        if most > 1 and body.getwidth()[0] < 1:
            raise self.fail("a repeated part matches the empty text")
        lazy = name_of(item) == "MIN_REPEAT"
        begin = self._loop(list(body), after, lazy) if most >= 2**31 else after
        for _ in range(most - least if most < 2**31 else 0):
            begin = self._choice(self._sequence(list(body), begin), after, lazy)
        for _ in range(least):
            begin = self._sequence(list(body), begin)
        return begin

    def _loop(self, body: Sequence[Any], after: int, lazy: bool) -> int:
        loop = self._add(State())
        once = self._sequence(body, loop)
        self.states[loop] = State(next=(after, once) if lazy else (once, after))
        return loop

    def _choice(self, way: int, after: int, lazy: bool) -> int:
        return self._add(State(next=(after, way) if lazy else (way, after)))
