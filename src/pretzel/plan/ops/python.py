"""Operator of Python code that cannot be expressed by others, for side processes."""

from __future__ import annotations

import re

from pretzel.plan.node import Node
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

__all__ = ["PythonStage"]
PACKAGE = re.compile(r"\w[\w.-]*==[^\s=]+", re.ASCII)


class PythonStage(Node):
    """One part of what a method of a pickled object returns; never run in a server, only in a side process of its own.

    Nodes that differ only in ``part`` are computed by one call.
    """

    x: tuple[Node, ...]
    """The columns that the method is given, dense or sparse numbers or texts."""
    code: Parameter
    """``[bytes]`` of u8: the object, pickled by value."""
    path: str
    """The path of the step in the exported model, for messages."""
    method: str
    """``transform``, ``predict``, ...; empty if the object is called itself."""
    takes: str
    """The container of the columns and the types in it, as JSON (``isolation/side/forms.py``)."""
    gives: tuple[str, ...]
    """The types of all parts of the result."""
    part: int
    """The position of this part."""
    python: str
    """The Python that pickled the object, as in ``3.12``."""
    packages: tuple[str, ...]
    """The packages that the object needs, as in ``numpy==2.1.0``."""
    exact = True
    compute_bound = True
    breaker = True

    def infer(self) -> ValueType:
        """Dense or sparse columns in, the type of one part out."""
        if not self.x:
            raise self.fail("x: expected a column at least")
        ragged = next((node.type for node in self.x if node.type.layout == "ragged"), None)
        if ragged is not None:
            raise self.fail(f"x: expected dense or sparse columns, got {ragged}")
        if self.code.dtype != "u8" or len(self.code.shape) != 1:
            raise self.fail(f"code: expected u8[n], got {self.code.dtype}{list(self.code.shape)}")
        odd = [package for package in self.packages if not PACKAGE.fullmatch(package)]
        if odd:
            raise self.fail(f"packages: expected names and versions as in numpy==2.1.0, got {odd[0]!r:.80}")
        if not 0 <= self.part < len(self.gives):
            raise self.fail(f"part: {self.part} of {len(self.gives)}")
        return ValueType.parse(self.gives[self.part])
