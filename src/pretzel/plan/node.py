"""Nodes of a definition: frozen, typed and interned, so that equal subgraphs are one object with one digest."""

from __future__ import annotations

import dataclasses
import re
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, ClassVar, dataclass_transform

from pretzel.errors import DefinitionError
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import encode
from pretzel.plan.parameter import Parameter
from pretzel.plan.types import ValueType

OPERATORS: dict[str, type[Node]] = {}
"""Every operator class by its name in definitions and plans."""

_CHECKS: dict[str, Any] = {
    "bool": lambda v: isinstance(v, bool),
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool) and -(2**63) <= v < 2**63,
    "float": lambda v: isinstance(v, float),
    "str": lambda v: isinstance(v, str),
    "Node": lambda v: isinstance(v, Node),
    "Parameter": lambda v: isinstance(v, Parameter),
}
_interned: weakref.WeakValueDictionary[bytes, Node] = weakref.WeakValueDictionary()
_lock = threading.Lock()


@dataclass_transform(frozen_default=True, eq_default=False)
class Interned(type):
    """Metaclass that makes each operator a registered frozen dataclass, and returns an equal node if one exists."""

    def __new__(cls, name: str, bases: tuple[type, ...], space: dict[str, Any]) -> Any:
        """Create the class; its name in snake case is the operator's."""
        operator: Any = super().__new__(cls, name, bases, space)
        operator = dataclasses.dataclass(frozen=True, eq=False, repr=False)(operator)
        if bases:
            operator.name = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
            operator.fields = {field.name: str(field.type) for field in dataclasses.fields(operator)}
            operator.required = tuple(filter(partial(_is_required, operator), operator.fields))
            if operator.name in OPERATORS:
                raise TypeError(f"operator {operator.name!r} is declared twice")
            OPERATORS[operator.name] = operator
        return operator

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Build, check and type a node, or return the equal one that exists."""
        node = super().__call__(*args, **kwargs)
        with _lock:
            return _interned.setdefault(node.key, node)


class Node(metaclass=Interned):
    """Base of all operators.

    The fields of a subclass are its signature: those annotated ``Node`` or ``tuple[Node, ...]`` are inputs,
    ``Parameter`` (or ``Parameter | None``) are parameters, and all others (``int``, ``float``, ``bool``, ``str`` and
    tuples of them) are attributes.  It defines :meth:`infer`, and sets the class variables below.
    """

    name: ClassVar[str]
    fields: ClassVar[dict[str, str]]
    required: ClassVar[tuple[str, ...]]
    """Attributes and parameters without a default."""
    later: ClassVar[tuple[str, ...]] = ()
    """Attributes added after the operator was first stored.

    With its default value, such an attribute is left out of keys and of stored forms, so that digests do not change.
    """
    breaker: ClassVar[bool] = False
    """n-to-1: needs a whole row before it can write its first value (a norm, a concatenation)."""
    compute_bound: ClassVar[bool] = False
    """Spends its time in arithmetic rather than in memory."""
    linear: ClassVar[bool] = False
    """f(ax + by) = a f(x) + b f(y), up to a constant."""
    associative: ClassVar[bool] = False
    """Two in sequence merge into one."""

    @property
    def refuses(self) -> bool:
        """True if it can reject a row, as the library does; then it runs wherever the library runs it, even unread.

        Classes that always can set ``refuses = True``.
        """
        return False

    @property
    def exact(self) -> bool:
        """True if the last bit of an input can change the result by more than a few of its last bits.

        This holds where an input is compared with a learned value, looked up by value, truncated, or divided by a
        result of cancellation; no rewrite of its inputs may change their rounding.  Classes set ``exact = True``.
        """
        return False

    def infer(self) -> ValueType:
        """Return the type of the result, from the inputs' types and the parameters' shapes.

        Raises:
            DefinitionError: they do not fit.
        """
        raise NotImplementedError

    def __post_init__(self) -> None:
        """Check every field against its annotation, then infer the type and compute the digest."""
        for field, annotation in self.fields.items():
            _check(self.name, field, annotation, getattr(self, field))
            if annotation == "str" and type(getattr(self, field)) is not str:
                object.__setattr__(self, field, str(getattr(self, field)))  # a node holds no methods of a subclass
        read = (node for _, value in self._select("Node") for node in _as_tuple(value))
        object.__setattr__(self, "inputs", tuple(read))
        object.__setattr__(self, "type", self.infer())
        payload = [self.name, self.attributes, {k: str(p.digest) for k, p in self.parameters.items()}]
        try:
            key = Digest.of(encode([*payload, [node.key for node in self.inputs]])).hex
        except UnicodeEncodeError as error:
            raise self.fail(f"text {error.object!r:.80} holds a lone surrogate, which UTF-8 cannot carry") from None
        object.__setattr__(self, "key", bytes.fromhex(key))

    type: ClassVar[ValueType]  # set on each instance
    key: ClassVar[bytes]  # SHA-256 over operator, attributes, parameter digests and input keys
    inputs: ClassVar[tuple[Node, ...]]  # the nodes this one reads, in field order, variadic fields expanded

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The parameters present, by field name."""
        return {field: value for field, value in self._select("Parameter") if value is not None}

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes by field name, except those of :attr:`later` that have their default."""
        attributes = {f: getattr(self, f) for f, kind in self.fields.items() if not _role(kind)}
        for field in self.later:
            if repr(attributes[field]) == repr(type(self).__dataclass_fields__[field].default):
                del attributes[field]
        return attributes

    def _select(self, role: str) -> Iterator[tuple[str, Any]]:
        return ((f, getattr(self, f)) for f, kind in self.fields.items() if _role(kind) == role)

    @classmethod
    def build(cls, inputs: Sequence[Node], values: Mapping[str, Any]) -> Node:
        """Build a node from its inputs in field order and all other fields by name.

        Raises:
            DefinitionError: too many or too few inputs, an unknown or missing field, or an illegal node.
        """
        cls.check_fields(len(inputs), values)
        optional = {field: None for field, kind in cls.fields.items() if kind.endswith(" | None")}
        reads = [field for field, kind in cls.fields.items() if _role(kind) == "Node"]
        many = len(reads) == 1 and cls.fields[reads[0]].startswith("tuple")
        read = {reads[0]: tuple(inputs)} if many else dict(zip(reads, inputs, strict=True))
        return cls(**(optional | dict(values) | read))

    @classmethod
    def check_fields(cls, inputs: int, names: Collection[str]) -> None:
        """Reject a wrong number of inputs, and wrong names of attributes and parameters.

        Raises:
            DefinitionError: the number of inputs is wrong, or a field is unknown or missing; the message names it.
        """
        kinds = {field: kind for field, kind in cls.fields.items() if _role(kind) != "Node"}
        unknown = set(names) - kinds.keys()
        if unknown:
            raise DefinitionError(f"{cls.name}: unknown attribute {min(map(str, unknown))!r:.80}")
        missing = [field for field in cls.required if field not in names]
        if missing:
            raise DefinitionError(f"{cls.name}: {missing[0]!r} is missing")
        reads = [kind for kind in cls.fields.values() if _role(kind) == "Node"]
        if not any(kind.startswith("tuple") for kind in reads) and len(reads) != inputs:
            raise DefinitionError(f"{cls.name}: takes {len(reads)} inputs, {inputs} given")

    def with_inputs(self, inputs: tuple[Node, ...]) -> Node:
        """Return this node over other inputs, in the order of :attr:`inputs`."""
        rest, changed = iter(inputs), {}
        for field, value in self._select("Node"):
            changed[field] = tuple(next(rest) for _ in value) if isinstance(value, tuple) else next(rest)
        return self.replace(**changed) if inputs != self.inputs else self

    def replace(self, **changes: Any) -> Node:
        """Return a copy of this node with some fields changed, checked like a new one."""
        return type(self)(**{field: getattr(self, field) for field in self.fields} | changes)

    def fail(self, problem: str) -> DefinitionError:
        """Return the error for an illegal node, for :meth:`infer` to raise."""
        return DefinitionError(f"{self.name}: {problem:.500}")

    def __repr__(self) -> str:
        """Return the name, the type and the first digits of the key."""
        return f"<{self.name}: {self.type} {self.key.hex()[:8]}>"

    def __reduce__(self) -> Any:
        """Reject pickling: definitions have their own stored form."""
        raise TypeError("a node is not pickled; save its Definition instead")


def _is_required(operator: Any, field: str) -> bool:
    kind, default = operator.fields[field], operator.__dataclass_fields__[field].default
    return _role(kind) != "Node" and not kind.endswith(" | None") and default is dataclasses.MISSING


@cache
def _role(annotation: str) -> str:
    return "Node" if "Node" in annotation else "Parameter" if "Parameter" in annotation else ""


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _check(operator: str, field: str, annotation: str, value: Any) -> None:
    kind = annotation
    if kind.endswith(" | None"):
        if value is None:
            return
        kind = kind.removesuffix(" | None")
    many = kind.startswith("tuple[")
    check = _CHECKS[kind.removeprefix("tuple[").removesuffix(", ...]")]
    good = isinstance(value, tuple) and all(check(item) for item in value) if many else check(value)
    if not good:
        raise DefinitionError(f"{operator}.{field}: expected {annotation}, got {type(value).__name__} {value!r:.80}")
