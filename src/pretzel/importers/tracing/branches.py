"""Branches of functions of single values: each way through a function is run, and the ways are joined by conditions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pretzel.importers.tracing.ending import TraceEnd, branches
from pretzel.importers.tracing.word_loops import Plan, Word, WordLoop, word_in
from pretzel.plan.node import Node

MOST_WAYS = 128
"""Ways through one function."""
MOST_STEPS = 50_000
"""Symbolic values and conditions of one trace: a loop over them may never end."""
FEWER = "use fewer branches: t.count(...), .str.contains and np.where are none"


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a function: the conditions that were read, what each was, and what came out."""

    conditions: tuple[tuple[Node, bool], ...]
    result: Any
    error: Exception | None = None
    """The error that ends this way, which rejects the row."""


@dataclass(slots=True)
class _Walk:
    """A run: what to answer to the first conditions, and the conditions so far."""

    prefix: tuple[bool, ...]
    read: list[tuple[Node, bool]] = field(default_factory=list)
    looped: Node | None = None
    """A node of the rows that a loop is over."""
    loops: list[WordLoop] = field(default_factory=list)
    """The loops over words, in the order in which they began."""
    plans: dict[int, Plan] = field(default_factory=dict)
    """The ways through each that earlier runs found."""


class RowError(Exception):
    """Marks the errors that Python raises for single values, such as for a missing word."""


class _Walks(threading.local):
    def __init__(self) -> None:
        self.running: list[_Walk] = []
        self.backwards = False
        self.steps = 0


_walks = _Walks()


def step() -> None:
    """Count a symbolic value or a condition of the function that is being run.

    Raises:
        TraceEnd: there are too many.
    """
    if not _walks.running:
        return
    _walks.steps += 1
    if _walks.steps > MOST_STEPS:
        raise TraceEnd(f"it computes more than {MOST_STEPS:,} values for a row", "let its loops end after fewer turns")


def decide(condition: Node, what: str = "bool()") -> bool:
    """Return whether a condition holds on the way that is being run.

    Raises:
        TraceEnd: no function of single values is running, or the conditions are too many.
    """
    if not _walks.running:
        raise branches(what)
    step()
    walk = _walks.running[-1]
    word = word_in(walk.loops, condition)
    if word is not None:
        return word.decide(condition)
    known = dict(walk.read).get(condition)
    if known is not None:
        return known
    place = len(walk.read)
    if place == MOST_WAYS:  # each condition of a way has another way begin, so that there would be one more
        raise _too_many_ways()
    answer = walk.prefix[place] if place < len(walk.prefix) else True
    walk.read.append((condition, answer))
    return answer


def loop_over(rows: Node) -> None:
    """Record that a loop over rows has begun, so that a list of one constant is a column of it."""
    if _walks.running:
        _walks.running[-1].looped = rows


def looped() -> Node | None:
    """Return a node of the rows that a loop was over; None without one."""
    return _walks.running[-1].looped if _walks.running else None


def loop_over_words(tokens: Node) -> WordLoop:
    """Return a new loop over the tokens of a row.

    Raises:
        TraceEnd: no function of single values is running.
    """
    if not _walks.running:
        raise branches("a loop over words")
    walk, number = _walks.running[-1], len(_walks.running[-1].loops)
    loop = WordLoop(
        f"{len(_walks.running)}.{number}", tokens, walk.plans.get(number) or Plan([()]), backwards=_walks.backwards
    )
    walk.loops.append(loop)
    return loop


def word_of(node: Node) -> Word | None:
    """Return the word of a loop that a node was computed from; None for none."""
    return word_in(_walks.running[-1].loops, node) if _walks.running else None


def loops_begun() -> list[WordLoop]:
    """Return the loops over words that began so far on the way that is being run."""
    return _walks.running[-1].loops if _walks.running else []


class _WordError(Exception):
    """Marks errors by the word that they are raised for."""

    def __init__(self, word: Word) -> None:
        self.word = word


def raise_unless(condition: Node, error: Exception) -> None:
    """Raise an error on the way where the condition does not hold, as the function itself would."""
    if not decide(condition, type(error).__name__):
        error.add_note(RowError.__name__)
        word = word_of(condition)
        raise error from (None if word is None else _WordError(word))


@contextmanager
def backwards() -> Iterator[None]:
    """Let loops over words yield them in another order: state that passes from word to word changes the trace."""
    _walks.backwards = True
    try:
        yield
    finally:
        _walks.backwards = False


def ways(run: Callable[[], Any]) -> list[Way]:
    """Return every way through a function.

    Raises:
        TraceEnd: there are too many.
    """
    found: list[Way] = []
    waiting: list[tuple[bool, ...]] = [()]
    if not _walks.running:
        _walks.steps = 0
    while waiting:
        if len(found) == MOST_WAYS:
            raise _too_many_ways()
        walk = _Walk(waiting.pop())
        found.append(_run(walk, run))
        answers = [answer for _, answer in walk.read]
        waiting += [(*answers[:i], not answers[i]) for i in range(len(walk.prefix), len(answers))]
    return found


def _too_many_ways() -> TraceEnd:
    return TraceEnd(f"there are more than {MOST_WAYS} ways through it", FEWER)


def _run(walk: _Walk, run: Callable[[], Any]) -> Way:
    """Run one way, and again as long as conditions on words, or errors for them, come up after their loop."""
    while True:
        way = _run_once(walk, run)
        plans = {} if way is None else {i: plan for i, loop in enumerate(walk.loops) if (plan := loop.next_plan())}
        if way is not None and not plans:
            return way
        walk.plans |= plans
        walk.read, walk.loops, walk.looped = [], [], None


def _run_once(walk: _Walk, run: Callable[[], Any]) -> Way | None:
    """Return a way; None if it ended by an error for one word, of which the plan of its loop knows then."""
    _walks.running.append(walk)
    try:
        result = run()
        for loop in walk.loops:
            loop.check_ended()
        return Way(tuple(walk.read), result)
    except Exception as error:
        if RowError.__name__ not in getattr(error, "__notes__", ()):
            raise
        if isinstance(error.__cause__, _WordError):
            word = error.__cause__.word
            walk.plans[walk.loops.index(word.loop)] = word.loop.plan_without(word, error)
            return None
        return Way(tuple(walk.read), None, error)
    finally:
        _walks.running.pop()


def joined(found: list[Way], merge: Callable[[Node, Any, Any], Any], depth: int = 0) -> Any:
    """Return the results of all ways as one, by the conditions in the order in which they were read.

    ``merge``: returns a condition's choice of two results.  A way that raises an error gives any other's result: its
    rows are rejected.
    """
    alive = [way for way in found if way.error is None]
    if len(alive) == 1 or (alive and all(len(way.conditions) == depth for way in alive)):
        return alive[0].result
    if not alive:
        raise found[0].error or TraceEnd("it raises an error for every row", "let it answer")
    condition = found[0].conditions[depth][0]
    true, false = ([way for way in found if way.conditions[depth][1] is answer] for answer in (True, False))
    some = [part for part in (true, false) if any(way.error is None for way in part)]
    if len(some) == 1:
        return joined(some[0], merge, depth + 1)
    return merge(condition, joined(true, merge, depth + 1), joined(false, merge, depth + 1))


def rejected(found: list[Way], both: Callable[[Node, Any, Any], Any], depth: int = 0) -> Any:
    """Return whether each row is answered: True, False, or a node; ``both`` returns a condition's choice of two."""
    if all(way.error is None for way in found):
        return True
    if all(way.error is not None for way in found):
        return False
    condition = found[0].conditions[depth][0]
    true, false = ([way for way in found if way.conditions[depth][1] is answer] for answer in (True, False))
    return both(condition, rejected(true, both, depth + 1), rejected(false, both, depth + 1))
