"""Symbolic texts of one row: what a function of single texts gets, and what it splits them into."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from pretzel.importers.tracing import operators
from pretzel.importers.tracing.branches import decide, raise_unless, word_of
from pretzel.importers.tracing.elements import SymbolicNumber, of_condition
from pretzel.importers.tracing.ending import TraceEnd, unknown
from pretzel.importers.tracing.marks import MARK, MARKS, ends, mark
from pretzel.importers.tracing.text_values import constant_text, may_miss, missing, translated, whole
from pretzel.importers.tracing.word_lists import CHARACTER, collected
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.ops.strings import CASES, END, OF_CHARACTERS


class SymbolicText(str):
    """The text of one row.

    It is a ``str`` that holds a mark, so that f-strings, ``+`` and ``join``, which Python computes itself, give texts
    whose marks name their parts (:func:`opened`).
    """

    node: Node
    of_list: bool
    parts_of: ClassVar[Any]
    """The class of what it is split into."""

    def __new__(cls, node: Node, of_list: bool = False) -> SymbolicText:
        """Wrap a node; ``of_list``: a missing one is None, else NaN."""
        text = super().__new__(cls, mark(node))
        text.node, text.of_list = node, of_list
        return text

    def _x(self) -> Node:
        """Return the node, where it is not missing."""
        if may_miss(self.node):
            absent = of_condition(operators.negated(missing(self.node)))
            error = AttributeError("'float' object has no attribute of texts")
            raise_unless(absent.value.node, error)
        return self.node

    def __bool__(self) -> bool:
        """Return whether it is not empty; NaN is true."""
        length = whole(ops.MeasureText(self.node, "length"))
        filled = operators.applied(np.greater, (length, 0)).node
        if may_miss(self.node) and not self.of_list:
            filled = operators.logic("or", missing(self.node), filled)
        return decide(filled)

    def __eq__(self, other: object) -> Any:
        """Compare with a text."""
        if isinstance(other, SymbolicText):
            raise unknown("a comparison of two texts of a row")
        return of_condition(ops.TestText(self.node, "equal", other)) if isinstance(other, str) else False

    def __ne__(self, other: object) -> Any:
        """Compare with a text."""
        equal = self == other
        return of_condition(operators.negated(equal.value.node)) if isinstance(equal, SymbolicNumber) else True

    def __hash__(self) -> int:
        """End the trace: a look-up."""
        raise TraceEnd(
            "a dictionary or set inside of the function has or is asked for a text of the row",
            "define constant ones outside of the function; count words by Counter(words)['x'] or words.count('x')",
        )

    def __contains__(self, item: Any) -> bool:
        """Return whether a text is in it, on the way that is being run."""
        return decide(ops.TestText(self._x(), "contains", plain_text(item, "in")))

    def __len__(self) -> int:
        """End the trace: the function that is traced has another ``len``."""
        raise unknown("len() in a library")

    def __iter__(self) -> Iterator[Any]:
        """Return its characters, for a loop."""
        return iter(self.characters())

    def characters(self) -> Any:
        """Return its characters, as words are."""
        return self.parts_of(ops.Tokenize(self._x(), CHARACTER))

    def __getitem__(self, key: Any) -> Any:
        """Return characters."""
        x = self._x()
        if isinstance(key, slice):
            if key.step not in (None, 1):
                raise TraceEnd("a slice with a step is not traced", "use text[start:stop]")
            return SymbolicText(ops.SliceText(x, key.start or 0, END if key.stop is None else key.stop))
        length = whole(ops.MeasureText(x, "length"))
        within = operators.applied(np.greater, (length, key if key >= 0 else -key - 1))
        raise_unless(within.node, IndexError("string index out of range"))
        return SymbolicText(ops.SliceText(x, key, END if key == -1 else key + 1))

    def __add__(self, other: str) -> SymbolicText:
        """Join two texts."""
        return SymbolicText(ops.ConcatTexts((self._x(), _node(other, self.node))))

    def __radd__(self, other: str) -> SymbolicText:
        """Join two texts."""
        return SymbolicText(ops.ConcatTexts((_node(other, self.node), self._x())))

    def __mul__(self, other: Any) -> Any:
        """End the trace."""
        raise unknown("a repeated text")

    __rmul__ = __mod__ = __mul__
    __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: ends("an order of texts")

    def __format__(self, spec: str) -> str:
        """Return the mark, to which f-strings add other texts."""
        if spec:
            raise unknown(f"the format {spec!r:.20} of a text")
        return str.__str__(self.spelled())

    def spelled(self) -> SymbolicText:
        """Return it as ``str`` does: a missing one as its name."""
        if not may_miss(self.node):
            return self
        name = constant_text("None" if self.of_list else "nan", self.node)
        return SymbolicText(ops.ChooseText(missing(self.node), name, self.node))

    def __str__(self) -> str:
        """Return itself."""
        return self

    def _made(self, build: Callable[[Node], Node]) -> SymbolicText:
        return SymbolicText(build(self._x()))

    def strip(self, chars: str | None = None) -> SymbolicText:
        """Remove characters at both ends."""
        return self._made(lambda x: ops.StripText(x, chars or "", "both"))

    def lstrip(self, chars: str | None = None) -> SymbolicText:
        """Remove characters at the start."""
        return self._made(lambda x: ops.StripText(x, chars or "", "left"))

    def rstrip(self, chars: str | None = None) -> SymbolicText:
        """Remove characters at the end."""
        return self._made(lambda x: ops.StripText(x, chars or "", "right"))

    def replace(self, old: str, new: str, count: int = -1) -> SymbolicText:  # type: ignore[override]
        """Replace every occurrence."""
        if count != -1 or not old:
            raise unknown("replace with a count or an empty text")
        return self._made(lambda x: ops.ReplaceText(x, plain_text(old, "replace"), plain_text(new, "replace")))

    def zfill(self, width: int) -> SymbolicText:  # type: ignore[override]
        """Fill with zeros after a sign."""
        return self._made(lambda x: ops.PadText(x, width, "0", "sign"))

    def ljust(self, width: int, fillchar: str = " ") -> SymbolicText:  # type: ignore[override]
        """Fill at the right."""
        return self._made(lambda x: ops.PadText(x, width, fillchar, "right"))

    def rjust(self, width: int, fillchar: str = " ") -> SymbolicText:  # type: ignore[override]
        """Fill at the left."""
        return self._made(lambda x: ops.PadText(x, width, fillchar, "left"))

    def count(self, text: str) -> Any:  # type: ignore[override]
        """Count a text in it."""
        return SymbolicNumber(whole(ops.MeasureText(self._x(), "count", plain_text(text, "count"))))

    def find(self, text: str) -> Any:  # type: ignore[override]
        """Find a text in it."""
        return SymbolicNumber(whole(ops.MeasureText(self._x(), "find", plain_text(text, "find"))))

    def _tests(self, name: str, texts: Any) -> SymbolicNumber:
        many = texts if isinstance(texts, tuple) else (texts,)
        found: list[Node] = [ops.TestText(self._x(), name, plain_text(text, name)) for text in many]
        while len(found) > 1:
            found = [operators.logic("or", found[0], found[1]), *found[2:]]
        return of_condition(found[0])

    def startswith(self, prefix: Any) -> Any:  # type: ignore[override]
        """Return whether it starts with a text."""
        return self._tests("startswith", prefix)

    def endswith(self, suffix: Any) -> Any:  # type: ignore[override]
        """Return whether it ends with a text."""
        return self._tests("endswith", suffix)

    def split(self, sep: str | None = None, maxsplit: int = -1) -> Any:  # type: ignore[override]
        """Split it at separators."""
        if sep == "":
            raise ValueError("empty separator")
        return self.parts_of(ops.SplitText(self._x(), sep or "", maxsplit))

    def translate(self, table: Any) -> Any:
        """Remove or replace single characters."""
        return self._made(lambda x: translated(x, table))

    def partition(self, sep: str) -> Any:
        """Split it in two at the first separator."""
        x, before = self._x(), ops.PickToken(ops.SplitText(self._x(), sep, 1), 0)
        after = ops.PickToken(ops.SplitText(x, sep, 1), 1)
        found = ops.TestText(x, "contains", sep)
        empty = constant_text("", x)
        middle = ops.ChooseText(found, constant_text(sep, x), empty)
        return SymbolicText(before), SymbolicText(middle), SymbolicText(ops.ChooseText(found, after, empty))


def _add_methods() -> None:
    for name in CASES:
        setattr(SymbolicText, name, lambda self, form=name: self._made(lambda x: ops.ChangeCase(x, form)))
    for name in OF_CHARACTERS:
        setattr(SymbolicText, name, lambda self, test=name: of_condition(ops.TestText(self._x(), test)))
    for name in set(dir(str)) - set(vars(SymbolicText)) - set(dir(object)):
        if not name.startswith("__"):
            setattr(SymbolicText, name, lambda self, *_, called=name, **__: ends(f"the method {called} of a text"))


_add_methods()


def plain_text(text: Any, name: str) -> str:
    """Return a constant text.

    Raises:
        TraceEnd: it is something else.
    """
    if not isinstance(text, str) or MARK.search(str.__str__(text)):
        raise unknown(f"{name} of something else than a constant text")
    return text


def opened(text: Any) -> Any:
    """Return a string with marks as a symbolic text; anything else unchanged."""
    if isinstance(text, SymbolicText) or not isinstance(text, str) or not MARK.search(text):
        return text
    pieces, at, nodes = list(MARK.finditer(text)), 0, list[Node]()
    while pieces:
        found, many = pieces[0], _joined_at(pieces)
        beside = _node_at(found) if many == 1 else word_of(_node_at(found)).loop.tokens  # type: ignore[union-attr]
        if text[at : found.start()]:
            nodes.append(constant_text(text[at : found.start()], beside))
        nodes.append(_node_at(found) if many == 1 else _joined(pieces[:many], text))
        at, pieces = pieces[many - 1].end(), pieces[many:]
    if text[at:]:
        nodes.append(constant_text(text[at:], beside))
    return SymbolicText(nodes[0] if len(nodes) == 1 else ops.ConcatTexts(tuple(nodes)))


def _node_at(piece: re.Match[str]) -> Node:
    return MARKS.nodes[int(piece.group(1))]


def _joined_at(pieces: list[re.Match[str]]) -> int:
    """Return how many marks at the start are of one list that a loop over words made; 1 if it is another text."""
    words = [word_of(_node_at(piece)) for piece in pieces]
    first = next((i for i, word in enumerate(words) if word is None or word.loop is not words[0].loop), len(words))  # type: ignore[union-attr]
    again = [word.again for word in words[:first] if word is not None]
    many = 2 * again.index(True) if again[:1] == [False] and True in again else 1
    return many if many <= max(first, 1) else unknown_words()


def unknown_words() -> Any:
    """End the trace: a text that Python joined of words."""
    raise unknown("a text of words with several texts between them")


def _joined(pieces: list[re.Match[str]], text: str) -> Node:
    """Return the words of a list with the text that is between each two of them."""
    between = {text[a.end() : b.start()] for a, b in zip(pieces, pieces[1:], strict=False)}
    tokens = collected([_node_at(piece) for piece in pieces])
    if len(between) > 1 or tokens is None:
        return unknown_words()  # type: ignore[no-any-return]
    return ops.JoinTokens(tokens, between.pop())


def _node(text: Any, beside: Node) -> Node:
    text = opened(text)
    return text._x() if isinstance(text, SymbolicText) else constant_text(text, beside)


def text_of_number(x: SymbolicNumber) -> SymbolicText:
    """Return the digits of an integer."""
    if x.value.dtype.kind not in "iu" or x.value.dtype == np.uint64:
        raise TraceEnd(f"the text of {x.value.dtype} is not traced", "use integers")
    wide = x.value.node if x.value.dtype == np.int64 else ops.Cast(x.value.node, "i64")
    return SymbolicText(ops.FormatInteger(wide))


SymbolicNumber.written = staticmethod(text_of_number)
