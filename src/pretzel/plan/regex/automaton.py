r"""Token patterns as automata that find what ``re.findall`` finds, in one pass over any text.

A pattern becomes an NFA of single characters, choices in order of preference, assertions and marks; then the sets of
NFA states that its threads can be in become states of a table.  A state keeps its threads in the order in which ``re``
tries them: the first that comes to the end wins over all behind it, so that greedy, lazy and ordered choices are those
of ``re``.  As long as nothing was found a thread begins at every character, behind all others: the leftmost wins.

**Why no text can make it slow.**  A step costs a bounded number of threads.  After a token was found, threads before it
may still find a better one; the text they read in vain is read again for the next token.  The states through which
they can go, and end without one, must form no cycle and no path longer than MAX_AHEAD.  So each token costs at most
that many characters beyond its own, and the whole is linear in the text.  A pattern for which this does not hold, such
as ``a.*b|a``, for which ``re`` takes quadratic time, is refused.  States that cannot but find one are no such states:
in ``\b\w+(?:-\w+)*\b`` a word after a hyphen, however long, has an end.
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
"""Places that are looked at while states are found: a second or two."""
MAX_AHEAD = 64
"""Characters that may be read beyond a token before it is known to be one."""
MAX_SETS = 40
DEAD = -1
Context = tuple[bool, bool, bool]
"""Of the place before a character: whether it begins the text, follows a word character, follows a newline."""


@dataclass(frozen=True, slots=True)
class Automaton:
    """The tables that a kernel walks: a row for each state, a column for each class of characters and for the end."""

    index: np.ndarray
    """uint16: with ``blocks`` the two-stage table of each code point's class."""
    blocks: np.ndarray
    """uint8."""
    next: np.ndarray
    """int32: the state after that character, or DEAD: no thread goes on."""
    accept: np.ndarray
    """int32: the thread that found a token before that character, and its marks (``thread << 3 | marks``); or -1."""
    moves: np.ndarray
    """int32: where in ``sources`` the next state's threads are told."""
    sources: np.ndarray
    """int32: for each of these the thread it goes on from, and the marks set before (``thread << 3 | marks``)."""
    widths: np.ndarray
    """int32: threads of each state."""
    again: np.ndarray
    """int32: for each state the one from which to look for the next token, after one that ended there."""
    grouped: bool
    """Whether a token is what the pattern's group holds."""


@lru_cache(maxsize=64)
def automaton(pattern: str) -> Automaton:
    """Return the tables of a pattern.

    Raises:
        ValueError: it is no regular expression, uses what no automaton has, or cannot be shown to be linear.
    """
    try:
        return _Tables(Nfa(pattern)).automaton()
    except RecursionError:
        raise ValueError(f"pattern {pattern[:40]!r}...: it is nested too deeply") from None


def is_run(pattern: str) -> bool:
    """Whether a pattern is a run of one class of characters, which needs no automaton."""
    try:
        class_run(pattern)
    except ValueError:
        return False
    return True


def check(pattern: str) -> None:
    """Do nothing for a pattern that can be served.

    Raises:
        ValueError: it cannot; the message says why.
    """
    if not is_run(pattern):
        automaton(pattern)


@dataclass(frozen=True, slots=True)
class _State:
    """Where the threads are, in order of preference; what is before; and whether something was found."""

    threads: tuple[int, ...]
    before: Context
    found: bool


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A class of characters, or the end of the text: which sets hold it."""

    sets: frozenset[int] = frozenset()
    word: bool = False
    newline: bool = False
    end: bool = False


@dataclass(slots=True)
class _Row:
    """What a state does at each symbol."""

    next: list[int] = field(default_factory=list)
    accept: list[int] = field(default_factory=list)
    sources: list[tuple[int, ...]] = field(default_factory=list)


class _Tables:
    """The states of an automaton, explored from the start of an NFA."""

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
        self.found: list[_State] = []
        self.rows: list[_Row] = []
        self._explore()
        self._check_ahead()

    def automaton(self) -> Automaton:
        """Return the tables as arrays."""
        told: dict[tuple[int, ...], int] = {}
        length = 0
        for sources in (sources for row in self.rows for sources in row.sources):
            if sources not in told:
                told[sources] = length
                length += len(sources)
        index, blocks = two_stages(self.classes)
        states = list(self.states)
        return Automaton(
            index,
            blocks,
            next=np.array([row.next for row in self.rows], np.int32),
            accept=np.array([row.accept for row in self.rows], np.int32),
            moves=np.array([[told[sources] for sources in row.sources] for row in self.rows], np.int32),
            sources=np.array([source for sources in told for source in sources], np.int32),
            widths=np.array([len(state.threads) for state in states], np.int32),
            again=np.array([self.states[_State((), state.before, False)] for state in states], np.int32),
            grouped=self.nfa.parsed.state.groups > 1,
        )

    def _classify(self) -> tuple[list[_Symbol], np.ndarray]:
        """Return the classes that no set tells apart, and the class of every code point."""
        if len(self.nfa.items) > MAX_SETS:
            raise self.nfa.fail(f"it names {len(self.nfa.items)} sets of characters, at most {MAX_SETS} are served")
        sets = self.nfa.sets()
        newline = np.zeros(0x110000, bool)
        newline[10] = self.looks[2]
        word = word_characters(self.nfa.flags) & self.looks[1]
        bits = [*sets, word, newline]
        keys = sum(np.asarray(one, np.uint64) << np.uint64(i) for i, one in enumerate(bits))
        _, first, classes = np.unique(keys, return_index=True, return_inverse=True)
        if len(first) > 255:
            raise self.nfa.fail("it tells too many classes of characters apart")
        count = len(sets)
        symbols = [
            _Symbol(frozenset(i for i in range(count) if sets[i, at]), bool(word[at]), bool(newline[at]))
            for at in first.tolist()
        ]
        return [*symbols, _Symbol(end=True)], classes.astype(np.uint8).ravel()

    def _explore(self) -> None:
        """Find every state that text can lead to; the first is that of the beginning of a text."""
        self._number(_State((), (self.looks[0], False, False), False))
        for state in self.found:  # which grows meanwhile
            self._number(_State((), state.before, False))
            row = _Row()
            for symbol in self.symbols:
                self._step(state, symbol, row)
            self.rows.append(row)

    def _number(self, state: _State) -> int:
        if state not in self.states:
            if len(self.states) == MAX_STATES or len(state.threads) > MAX_THREADS or self.work > MAX_WORK:
                raise self.nfa.fail("it needs too many states; make its repeats and choices fewer")
            self.states[state] = len(self.found)
            self.found.append(state)
        return self.states[state]

    def _step(self, state: _State, symbol: _Symbol, row: _Row) -> None:
        """Write down what a state does at a symbol: what it accepts before it, and where each thread goes on from."""
        accept = -1
        threads: dict[int, int] = {}
        for item, source in self._reached(state, symbol):
            if item.set < 0:
                accept = source
                break
            if item.set in symbol.sets:
                threads.setdefault(item.next[0], source)
        found = state.found or accept >= 0
        before = (False, symbol.word, symbol.newline)
        dead = symbol.end or (found and not threads)
        row.next.append(DEAD if dead else self._number(_State(tuple(threads), before, found)))
        row.accept.append(accept)
        row.sources.append(() if dead else tuple(threads.values()))

    def _reached(self, state: _State, symbol: _Symbol) -> Iterator[tuple[State, int]]:
        """Yield the characters, and the end, that the threads come to before a symbol; best first, each state once."""
        seen: set[int] = set()
        beginnings = [(at, thread << 3) for thread, at in enumerate(state.threads)]
        if not state.found:
            beginnings.append((self.nfa.first, START))
        waiting = beginnings[::-1]
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
        """Refuse a pattern that can read far after a token was found, and in vain."""
        ways = {
            number: {after for after, accept in zip(row.next, row.accept, strict=True) if accept < 0}
            for (state, number), row in zip(self.states.items(), self.rows, strict=True)
            if state.found
        }
        vain: set[int] = {DEAD}
        while more := {number for number, to in ways.items() if to & vain} - vain:
            vain |= more
        known = {DEAD}  # from where no path in vain is longer than the rounds so far
        for _ in range(MAX_AHEAD):
            known |= {number for number in vain - known if ways[number] & vain <= known}
        if known != vain:
            raise self.nfa.fail("what follows a token can decide, from any distance, whether it is one")


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
