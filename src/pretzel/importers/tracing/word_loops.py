"""Loops over the words of a row: each way through the body is run for a word of its own.

A loop yields one symbolic word for each way through its body, and then all of them once more, so that the separator of
a ``join`` shows; a second run yields these in the other order, so that what depends on the last word differs.  What the
body makes of a word (an item of a list) names the word, and so the way on which it was made.  Conditions that are asked
for after the loop, about words in a list, have the function run again with more words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pretzel.importers.tracing.ending import TraceEnd
from pretzel.plan import ops
from pretzel.plan.graph import rewrite, topological
from pretzel.plan.node import Node

MOST_WAYS = 64
"""Ways through the body of one loop."""
SIMPLER = "use fewer conditions, or a set of words that is looked up"
EARLY = "use any(...), all(...) or sum(...) of the words, or a list of them"
TOGETHER = "compute each word from that word alone"
Answers = tuple[bool, ...]


@dataclass(slots=True)
class Word:
    """The word of one way through the body of a loop."""

    loop: WordLoop
    leaf: Node
    again: bool
    """True for the second word of a way."""
    prefix: Answers
    """The answers to the first conditions on it."""
    read: list[tuple[Node, bool]] = field(default_factory=list)
    """The conditions so far, over the loop's own word, and what each was."""

    def general(self, node: Node) -> Node:
        """Return a node of this word as one of the loop's word."""
        return rewrite([node], lambda part: self.loop.leaf if part is self.leaf else None)[0]

    def decide(self, condition: Node) -> bool:
        """Return whether a condition holds on this way."""
        condition = self.general(condition)
        known = dict(self.read).get(condition)
        if known is not None:
            return known
        place = len(self.read)
        answers = tuple(answer for _, answer in self.read)
        answer = self.prefix[place] if place < len(self.prefix) else True
        if place >= len(self.prefix):
            self.loop.also((*answers, False))
        self.read.append((condition, answer))
        return answer


@dataclass(slots=True)
class Failure:
    """A way through the body of a loop that ends in an error: its conditions, and the error."""

    read: tuple[tuple[Node, bool], ...]
    error: Exception


@dataclass(slots=True)
class Plan:
    """The ways through a loop that earlier runs of its function found."""

    prefixes: list[Answers]
    failures: list[Failure] = field(default_factory=list)


class WordLoop:
    """A loop over the tokens of a row."""

    def __init__(self, name: str, tokens: Node, plan: Plan, *, backwards: bool = False) -> None:
        """Begin a loop with a name of its own; ``backwards`` turns the order of the second words."""
        self.name, self.tokens, self.plan, self._backwards = name, tokens, plan, backwards
        self.leaf = _word(name)
        self.words: list[Word] = []
        self.ended = False
        self._prefixes, self._later = list(plan.prefixes), dict[Answers, None]()
        self._growing = True

    def __iter__(self) -> Iterator[Word]:
        """Yield a word for each way, and again."""
        at = 0
        while at < len(self._prefixes):
            yield self._begun(self._prefixes[at], again=False)
            at += 1
        self._growing = False
        for word in self.words[::-1] if self._backwards else self.words[:]:
            yield self._begun(max(word.prefix, tuple(answer for _, answer in word.read), key=len), again=True)
        self.ended = True

    def _begun(self, prefix: Answers, *, again: bool) -> Word:
        word = Word(self, _word(f"{self.name}.{len(self.words)}"), again, prefix)
        self.words.append(word)
        return word

    def also(self, prefix: Answers) -> None:
        """Run another way: in this loop, or if it has ended, in the next run.

        Raises:
            TraceEnd: there are too many.
        """
        (self._prefixes.append if self._growing else self._later.setdefault)(prefix)
        if len(self._prefixes) + len(self._later) > MOST_WAYS:
            raise TraceEnd(f"there are more than {MOST_WAYS} ways through a loop over words", SIMPLER)

    def check_ended(self) -> None:
        """Check that the loop ran over all words.

        Raises:
            TraceEnd: the function left it.
        """
        if not self.ended:
            raise TraceEnd("a loop over words ends before the last one", EARLY)

    def next_plan(self) -> Plan | None:
        """Return the plan of the next run; None if all ways were run."""
        if not self._later:
            return None
        known = [tuple(answer for _, answer in word.read) for word in self.words if not word.again]
        return Plan([*known, *(prefix for prefix in self._later if prefix not in known)], self.plan.failures)

    def plan_without(self, word: Word, error: Exception) -> Plan:
        """Return the plan of the next run, in which a word does not reach an error."""
        failed = tuple(answer for _, answer in word.read)
        ways = [tuple(answer for _, answer in other.read) for other in self.words if not other.again]
        ways = [*ways, *self._prefixes[len(ways) :], *self._later]
        kept = [way for way in dict.fromkeys(ways) if way != failed]
        if len(self.plan.failures) == MOST_WAYS:
            raise TraceEnd(f"there are more than {MOST_WAYS} errors for words", SIMPLER)
        return Plan(kept, [*self.plan.failures, Failure(tuple(word.read), error)])


def _word(name: str) -> Node:
    # a list of one word joined: a text that is never missing
    return ops.JoinTokens(ops.Input(f"word {name}", "str[*]"), "")


def word_in(loops: Sequence[WordLoop], node: Node) -> Word | None:
    """Return the word that a node was computed from; None for none.

    Raises:
        TraceEnd: it was computed from several.
    """
    if not loops:
        return None
    words = {word.leaf: word for loop in loops for word in loop.words}
    found = [words[part] for part in topological([node]) if part in words]
    if len(found) > 1:
        raise TraceEnd("several words are compared or computed with together", TOGETHER)
    return found[0] if found else None


def check_within(node: Node) -> None:
    """Check that a result was not computed from one word of a loop.

    Raises:
        TraceEnd: it was.
    """
    if any(isinstance(part, ops.Input) and part.type.layout == "ragged" for part in topological([node])):
        raise TraceEnd("one word of a loop is used after it", "use words[0], words[-1], or the list of them")
