"""An import in which a step that cannot be opened becomes a Python stage, for side processes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pretzel.adapters.tables import head
from pretzel.errors import DefinitionError, PreconditionError, UnsupportedError
from pretzel.importers.collecting import _restore, _states, refusal_of
from pretzel.importers.columns import Columns
from pretzel.importers.findings import DocumentFunction, Findings, Importing, Refusal, refused
from pretzel.importers.inputs import Inputs, UnreadableError
from pretzel.importers.isolated.capture import Captured, captured
from pretzel.importers.isolated.containers import Container, code_of, container_of, nodes_of
from pretzel.importers.isolated.documents import prove_texts, recorded
from pretzel.importers.isolated.pickling import Pickled, pickled
from pretzel.importers.isolated.proof import DependentError, prove, reads_further
from pretzel.importers.isolated.tables import ContainerError
from pretzel.importers.registry import Methods, Step
from pretzel.importers.result_tables import by_column
from pretzel.isolation.side import forms
from pretzel.isolation.side.results import is_special, types_of
from pretzel.isolation.side.tables import FormError
from pretzel.plan import ops
from pretzel.plan.node import Node
from pretzel.plan.result_tables import ResultTable

ROWS = 200
"""Rows of the sample that steps are recorded and proved on."""
NO_SAMPLE = "python='isolated' finds the types of a step by running it; pass a sample"
KEY = "python_stages"
"""The metadata that lists the steps, with the reason why each cannot be opened, and what would open it."""


@dataclass(frozen=True)
class Opened:
    """A method of a step, recorded and proved."""

    container: Container
    pickled: Pickled
    gives: tuple[str, ...]
    names: tuple[Any, ...] | None
    """The names of the columns, if it returns a table."""
    table: ResultTable | None = None
    """The columns of a table or a series of pandas, as clients get it if this is the end of the model."""
    handed: Opened | None = None
    """The same for a next step, for which columns are numbers or texts; None if one is not."""
    reads_further: bool = False
    """Whether its result depends on further columns of a table."""


class NotIsolatedError(ValueError):
    """A step cannot be a Python stage."""


@dataclass(slots=True)
class Isolating(Findings):
    """Findings that replace refused steps by Python stages."""

    model: Any = None
    sample: Any = None
    opened: dict[str, dict[str, Opened]] = field(default_factory=dict)
    """The methods of each step, by path; further imports of the same model use them again."""
    refusals: dict[str, Refusal] = field(default_factory=dict)
    """Why each step cannot be opened, by path."""

    def clear(self) -> None:
        """Discard all findings before an import restarts."""
        self.notes.clear()
        self.names.clear()
        self.tables.clear()
        self.refusals.clear()

    def again(self) -> Findings:
        """Return findings for another import of the model."""
        return Isolating(model=self.model, sample=self.sample, opened=self.opened)

    def given(self, inputs: Inputs, x: Columns) -> Columns:
        """Return the input columns of a model; a table's from the sample, if the model does not know their names."""
        if x.names is not None or not forms.is_table(self.sample):
            return x
        inputs.used.clear()
        return Columns.given(inputs, tuple(map(str, self.sample.columns)))

    def run(self, importing: Importing, estimator: Any, x: Columns, step: Step) -> Methods:
        """Return the methods of a step; Python stages if it is refused, and the sample shows that this is possible."""
        before = _states(x)
        try:
            return importing(estimator, x, step)
        except (UnsupportedError, DefinitionError) as error:
            refusal = refusal_of(error, step)
            if refusal is None or step.path in self.tables:
                raise
            _restore(before)
            return self._isolated(estimator, x, step, refusal)

    def _isolated(self, estimator: Any, x: Columns, step: Step, refusal: Refusal) -> Methods:
        try:
            methods = self._opened(estimator, step.path)
            made = {name: self._returned(name, method, x, step) for name, method in methods.items()}
        except (ContainerError, DependentError, NotIsolatedError, PreconditionError, UnreadableError) as error:
            if refusal.step != step.path:  # of an inner step, which says why
                raise refused(refusal) from None
            raise _neither(refusal, error) from None
        for inner in [path for path in self.refusals if path.startswith(f"{step.path}.")]:
            del self.refusals[inner]  # a part of the stage now
        self._keep(step.path, refusal, step)
        if x.further and any(method.reads_further for method in methods.values()):
            step.inputs.metadata["others"] = "refused"
        if "transform" in methods and (handed := methods["transform"].handed) is not None:
            self.tables[step.path] = self._columns("transform", handed, x, step.path)
        return {output: node for outputs in made.values() for output, node in outputs.items()}

    def _opened(self, estimator: Any, path: str) -> Mapping[str, Opened]:
        """Return the methods of a step, recorded on the sample and proved once."""
        if path not in self.opened:
            if self.sample is None:
                raise NotIsolatedError(NO_SAMPLE)
            calls = captured(self.model, estimator, head(self.sample, ROWS))
            if not calls:
                raise NotIsolatedError("the model does not call it for the sample")
            self.opened[path] = {name: _proved(estimator, name, call) for name, call in calls.items()}
        return self.opened[path]

    def _returned(self, name: str, method: Opened, x: Columns, step: Step) -> Methods:
        """Return the outputs of a method at the end of a model."""
        columns = self._columns(name, method, x, step.path)
        nodes = [part for part in columns.parts if isinstance(part, Node)]
        if method.table is None or not _is_table(method.table, nodes):
            return {name: _node(nodes)}
        if name != "transform":
            raise NotIsolatedError(f"its {name} returns dates, nullable values or columns of several types")
        singles = [column.settled()[0] for column in columns.each()]
        return by_column(name, [_one(node) for node in singles], method.table, step)

    def _columns(self, name: str, method: Opened, x: Columns, path: str) -> Columns:
        """Return the result of a method over the input of its step, a node for each part."""
        parts = _stages(method, nodes_of(method.container, x), path, name)
        return Columns(parts, method.names, frame=method.names is not None)

    def document(self, function: DocumentFunction, refusal: Refusal) -> Node:
        """Return a Python stage of a function of texts, if the sample shows that this is possible."""
        path = f"{function.step.path}.{function.option}"
        try:
            method = self._opened_function(function, path)
        except (DependentError, NotIsolatedError, PreconditionError) as error:
            raise _neither(refusal, error) from None
        self._keep(path, replace(refusal, step=path), function.step)
        return _stages(method, (function.texts,), path)[0]

    def _opened_function(self, function: DocumentFunction, path: str) -> Opened:
        if path not in self.opened:
            if self.sample is None:
                raise NotIsolatedError(NO_SAMPLE)
            calls = recorded(self.model, function, head(self.sample, ROWS))
            if not calls:
                raise NotIsolatedError("the model does not call it for the sample")
            prove_texts(function, calls)
            takes = {"form": "each", "lists": function.lists}
            gives = tuple(kind for kind, _, _ in _returned(takes, list(calls.values())))
            self.opened[path] = {"": Opened(Container(takes, []), pickled(function.function), gives, None)}
        return self.opened[path][""]

    def _keep(self, path: str, refusal: Refusal, step: Step) -> None:
        self.refusals[path] = refusal
        step.inputs.metadata[KEY] = [one.as_map() for one in self.refusals.values()]


def _stages(method: Opened, read: tuple[Node, ...], path: str, name: str = "") -> tuple[Node, ...]:
    """Return a node for each part of the result of a method, or of the object itself."""
    about: dict[str, Any] = {
        "code": code_of(method.pickled.code),
        "path": path,
        "method": name,
        "takes": json.dumps(method.container.takes),
        "gives": method.gives,
        "python": method.pickled.python,
        "packages": method.pickled.packages,
    }
    return tuple(ops.PythonStage(read, part=part, **about) for part in range(len(method.gives)))


def _proved(estimator: Any, name: str, call: Captured) -> Opened:
    """Return a method of a step whose rows are independent, by the sample.

    Raises:
        ContainerError, DependentError, NotIsolatedError, PreconditionError: it cannot be a Python stage.
    """
    container = container_of(call.given)
    function = getattr(estimator, name)
    types = _types(call.result)
    special = types is not None and any(map(is_special, types))
    if special:
        container = replace(container, takes={**container.takes, "returns": types})
    columns = _returned(container.takes, call.result)
    rows = forms.rows_of(container.columns)
    if not rows or forms.rows_of(columns) != rows:
        raise NotIsolatedError(f"its {name} returns {forms.rows_of(columns)} rows for {rows}")
    prove(function, container.takes, _sent(container, call.given), rows, columns)
    frame = forms.is_table(call.result)
    names = tuple(map(str, call.result.columns)) if frame else None
    table = None if types is None else ResultTable(_names(call.result), tuple(types), series=not frame)
    libraries = {"pandas": container.takes["form"] in ("table", "series") or hasattr(call.result, "iloc")}
    libraries["polars"] = container.takes["form"] == "polars" or hasattr(call.result, "get_columns")
    libraries["scipy"] = any("{" in kind for kind, _, _ in (*container.columns, *columns))
    also = [name for name, needed in libraries.items() if needed]
    gives = tuple(kind for kind, _, _ in columns)
    further = reads_further(function, container.takes, call.given, columns)
    opened = Opened(container, pickled(estimator, also), gives, names, table, reads_further=further)
    return replace(opened, handed=_handed(opened, call.result) if special else opened)


def _handed(opened: Opened, result: Any) -> Opened | None:
    """Return what a next step is given of a result with dates or nullable values; None if it has no type there."""
    takes = {key: value for key, value in opened.container.takes.items() if key != "returns"}
    try:
        gives = tuple(kind for kind, _, _ in forms.returned_by(takes, result))
    except FormError:
        return None
    return replace(opened, container=replace(opened.container, takes=takes), gives=gives)


def _types(result: Any) -> list[Any] | None:
    try:
        return types_of(result)
    except FormError as error:
        raise NotIsolatedError(f"it returns {error}") from None


def _names(result: Any) -> tuple[Any, ...]:
    return (result.name,) if result.ndim == 1 else tuple(result.columns)


def _is_table(table: ResultTable, nodes: Sequence[Node]) -> bool:
    """Return whether clients get a result as a table of pandas, because no array has its columns."""
    return any(map(is_special, table.types)) or len({node.type.is_text for node in nodes}) > 1


def _one(node: Node) -> Node:
    """Return a column of a table without a second axis."""
    return node if node.type.width is None else ops.Column(node, 0)


def _sent(container: Container, original: Any) -> Any:
    """Return a container made again from its columns, as in a side process.

    Raises:
        ContainerError: its columns have other types than the original's.
    """
    try:
        sent = forms.given(container.takes, container.columns)
    except Exception as error:  # of pandas and polars too
        raise ContainerError(f"the rows that it is given cannot be made again ({error!s:.200})") from None
    types = [list(getattr(one, "dtypes", ())) for one in (original, sent)] if forms.is_table(original) else [[], []]
    for name, old, new in zip(getattr(original, "columns", ()), *types, strict=False):
        if old != new:
            raise ContainerError(f"column {name!r} of {old} would be given as {new}")
    return sent


def _returned(takes: Mapping[str, Any], result: Any) -> Sequence[forms.Column]:
    try:
        return forms.returned_by(takes, result)
    except FormError as error:
        raise NotIsolatedError(f"it returns {error}") from None


def _node(parts: Sequence[Node]) -> Node:
    """Return the columns of a step as one node.

    Raises:
        NotIsolatedError: they are texts and numbers, which only a step that reads columns can take.
    """
    if len({part.type.is_text for part in parts}) > 1:
        raise NotIsolatedError("it returns texts and numbers, which do not form one matrix")
    return parts[0] if len(parts) == 1 else ops.Concat(tuple(parts))


def _neither(refusal: Refusal, error: Exception) -> UnsupportedError:
    """Return the error for a step that can be neither opened nor isolated."""
    reason = f"{refusal.reason}; nor is it a Python stage: {error}"
    return refused(Refusal(refusal.step, refusal.kind, refusal.option, reason, refusal.remedy, refusal.about_input))
