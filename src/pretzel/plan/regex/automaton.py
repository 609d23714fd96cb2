r"""Compile token patterns to automata that find the matches of ``re.findall`` in one pass over any text.

A pattern becomes an NFA of single characters, choices in order of preference, assertions and marks; then each set of
NFA states that its threads can reach becomes a state of a table.  A state keeps its threads in the order in which
``re`` tries them: the first that reaches the end wins over all later ones, so that greedy, lazy and ordered choices
are those of ``re``.  Until a token is found, a new thread starts at every character, after all others: the leftmost
wins.

***Linear time.**  A step costs a bounded number of threads.  After a token was found, preferred threads may still find
a better one; if they fail, the text they read is read again for the next token.  The states through which they can
fail must form no cycle and no path longer than MAX_AHEAD.  So each token costs at most that many extra characters, and
the total is linear in the text.  A pattern without this property, such as ``a.*b|a``, for which ``re`` takes quadratic
time, is rejected.  States that always lead to a token do not count: in ``\b\w+(?:-\w+)*\b`` a word after a hyphen,
however long, has an end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from pretzel.plan.regex.nfa import START, Nfa, State
from pretzel.plan.regex.pattern import class_run, two_stages, word_characters

MAX_STATES = 1_000
MAX_THREADS = 32
MAX_WORK = 1_000_000
"""NFA states visited during the exploration: a second or two."""
MAX_AHEAD = 64
"""Characters that may be read beyond a token before it is final."""
MAX_SETS = 40
DEAD = -1
Context = tuple[bool, bool, bool]
"""Flags of a position: at the start of the text, after a word character, after a newline."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """The tables that a kernel walks: a row per state, a column per class of characters and one for the end."""

    index: np.ndarray
    """uint16: with ``blocks`` the two-stage table of each code point's class."""
    blocks: np.ndarray
    """uint8."""
    next: np.ndarray
    """int32: the state after that character, or DEAD if no thread survives."""
    accept: np.ndarray
    """int32: the thread that found a token before that character, with its marks (``thread << 3 | marks``); or -1."""
    moves: np.ndarray
    """int32: the offset of the next state's threads in ``sources``."""
    sources: np.ndarray
    """int32: for each of these the thread it continues, with the marks set before (``thread << 3 | marks``)."""
    widths: np.ndarray
    """int32: number of threads of each state."""
    again: np.ndarray
    """int32: for each state the one to restart from for the next token, after one that ended there."""
    grouped: bool
    """True if a token is the content of the pattern's group."""


@lru_cache(maxsize=64)
def automaton(pattern: str) -> Automaton:
    """Return the tables of a pattern.

    Raises:
        ValueError: it is not a regular expression, uses features without an automaton, or cannot be shown to be linear.
    """
    try:
        return _Tables(Nfa(pattern)).automaton()
    except RecursionError:
        raise ValueError(f"pattern {pattern[:40]!r}...: it is nested too deeply") from None


def is_run(pattern: str) -> bool:
    """Return whether a pattern is a run of one class of characters, which needs no automaton."""
    try:
        class_run(pattern)
    except ValueError:
        return False
    return True


def check(pattern: str) -> None:
    """Check that a pattern can be served.

    Raises:
        ValueError: it cannot; the message states the reason.
    """
    if not is_run(pattern):
        automaton(pattern)


@dataclass(frozen=True, slots=True)
class _State:
    """The NFA states of the threads in order of preference, the context, and whether a token was found."""

    threads: tuple[int, ...]
    before: Context
    matched: bool


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A class of characters, or the end of the text, with the sets that contain it."""

    sets: frozenset[int] = frozenset()
    word: bool = False
    newline: bool = False
    end: bool = False


@dataclass(slots=True)
class _Row:
    """The transitions of a state, one entry per symbol."""

    next: list[int] = field(default_factory=list)
    accept: list[int] = field(default_factory=list)
    sources: list[tuple[int, ...]] = field(default_factory=list)


class _Tables:
    """Builds the states of an automaton by exploring an NFA from its start."""

    def __init__(self, nfa: Nfa) -> None:
        self.nfa = nfa
        self.work = 0
        kinds = {item.assertion for item in nfa.states}
        self.looks = (
            bool(kinds & {"begins", "begins line"}),
            bool(kinds & {"boundary", "inside"}),
            bool(kinds & {"begins line", "ends line"}),
        )
        self.symbols, self.classes = self._classify()
        self.states: dict[_State, int] = {}
        self.queue: list[_State] = []
        self.rows: list[_Row] = []
        self._explore()
        self._check_ahead()

    def automaton(self) -> Automaton:
        """Return the tables as arrays."""
        offsets: dict[tuple[int, ...], int] = {}
        length = 0
        for sources in (sources for row in self.rows for sources in row.sources):
            if sources not in offsets:
                offsets[sources] = length
                length += len(sources)
        index, blocks = two_stages(self.classes)
        states = list(self.states)
        return Automaton(
            index,
            blocks,
            next=np.array([row.next for row in self.rows], np.int32),
            accept=np.array([row.accept for row in self.rows], np.int32),
            moves=np.array([[offsets[sources] for sources in row.sources] for row in self.rows], np.int32),
            sources=np.array([source for sources in offsets for source in sources], np.int32),
            widths=np.array([len(state.threads) for state in states], np.int32),
            again=np.array([self.states[_State((), state.before, False)] for state in states], np.int32),
            grouped=self.nfa.parsed.state.groups > 1,
        )

    def _classify(self) -> tuple[list[_Symbol], np.ndarray]:
        """Return the classes of characters that are in the same sets, and the class of every code point."""
        if len(self.nfa.items) > MAX_SETS:
            raise self.nfa.fail(f"it has {len(self.nfa.items)} sets of characters, at most {MAX_SETS} are supported")
        sets = self.nfa.sets()
        newline = np.zeros(0x110000, bool)
        newline[10] = self.looks[2]
        word = word_characters(self.nfa.flags) & self.looks[1]
        bits = [*sets, word, newline]
        keys = sum(np.asarray(one, np.uint64) << np.uint64(i) for i, one in enumerate(bits))
        _, first, classes = np.unique(keys, return_index=True, return_inverse=True)
        if len(first) > 255:
            raise self.nfa.fail("it distinguishes too many classes of characters")
        count = len(sets)
        symbols = [
            _Symbol(frozenset(i for i in range(count) if sets[i, at]), bool(word[at]), bool(newline[at]))
            for at in first.tolist()
        ]
        return [*symbols, _Symbol(end=True)], classes.astype(np.uint8).ravel()

    def _explore(self) -> None:
        """Find every reachable state; the first is the state at the start of a text."""
        self._number(_State((), (self.looks[0], False, False), False))
        for state in self.queue:  # _number appends to it
            self._number(_State((), state.before, False))
            row = _Row()
            for symbol in self.symbols:
                self._step(state, symbol, row)
            self.rows.append(row)

    def _number(self, state: _State) -> int:
        if state not in self.states:
            if len(self.states) == MAX_STATES or len(state.threads) > MAX_THREADS or self.work > MAX_WORK:
                raise self.nfa.fail("it needs too many states; use fewer repeats and choices")
            self.states[state] = len(self.queue)
            self.queue.append(state)
        return self.states[state]

    def _step(self, state: _State, symbol: _Symbol, row: _Row) -> None:
        """Append a state's transition at a symbol: the token accepted before it, and the source of each thread."""
        accept = -1
        threads: dict[int, int] = {}
        for item, source in self._reached(state, symbol):
            if item.set < 0:
                accept = source
                break
            if item.set in symbol.sets:
                threads.setdefault(item.next[0], source)
        matched = state.matched or accept >= 0
        before = (False, symbol.word, symbol.newline)
        dead = symbol.end or (matched and not threads)
        row.next.append(DEAD if dead else self._number(_State(tuple(threads), before, matched)))
        row.accept.append(accept)
        row.sources.append(() if dead else tuple(threads.values()))

    def _reached(self, state: _State, symbol: _Symbol) -> Iterator[tuple[State, int]]:
        """Yield the character and end states that the threads reach before a symbol, best first, each once."""
        seen: set[int] = set()
        starts = [(at, thread << 3) for thread, at in enumerate(state.threads)]
        if not state.matched:
            starts.append((self.nfa.first, START))
        waiting = starts[::-1]
        while waiting:
            at, source = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            self.work += 1
            item = self.nfa.states[at]
            if item.set >= 0 or not item.next:
                yield item, source
            elif not item.assertion or _holds(item.assertion, state.before, symbol):
                waiting.extend((way, source | item.marks) for way in reversed(item.next))

    def _check_ahead(self) -> None:
        """Reject a pattern that can read far beyond a token and then fail."""
        ways = {
            number: {after for after, accept in zip(row.next, row.accept, strict=True) if accept < 0}
            for (state, number), row in zip(self.states.items(), self.rows, strict=True)
            if state.matched
        }
        failing: set[int] = {DEAD}
        while more := {number for number, to in ways.items() if to & failing} - failing:
            failing |= more
        bounded = {DEAD}  # states whose failing paths have at most as many steps as the rounds so far
        for _ in range(MAX_AHEAD):
            bounded |= {number for number in failing - bounded if ways[number] & failing <= bounded}
        if bounded != failing:
            raise self.nfa.fail("text at any distance after a token can decide whether it matches")


def _holds(assertion: str, before: Context, symbol: _Symbol) -> bool:
    begins, word, newline = before
    return {
        "boundary": word != symbol.word,
        "inside": word == symbol.word,
        "begins": begins,
        "ends": symbol.end,
        "begins line": begins or newline,
        "ends line": symbol.end or symbol.newline,
    }[assertion]
