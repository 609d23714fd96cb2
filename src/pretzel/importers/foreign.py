"""The public way to add importers: a function over values of the builder, registered for classes of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pretzel.errors import DefinitionError, UnsupportedError
from pretzel.importers.answers import answer_of
from pretzel.importers.columns import Columns
from pretzel.importers.families import FAMILIES, load_family
from pretzel.importers.inputs import Inputs, UnreadableError
from pretzel.importers.own import REGISTERED
from pretzel.importers.registry import IMPORTERS, INPUTS_OF, Importer, Methods, Step
from pretzel.plan.builder import Value, of
from pretzel.plan.node import Node

Imported = Mapping[str, Value | Node]
"""The value of each method of an estimator."""
Function = TypeVar("Function", bound=Callable[..., Imported])


def register(
    *classes: type, width: Callable[[Any], int] | None = None, by_name: bool = False, replace: bool = False
) -> Any:
    """Register a function as the importer of estimators of these classes, as a decorator.

    The function takes ``(estimator, x, part)``: the fitted estimator, its input (:class:`Features`), and its place in
    the model (:class:`Part`).  It returns the value of each method, ``{"transform": x.numbers().scale(2)}``, built by
    the methods of :class:`pretzel.flow.Value`, and raises ``part.refuse(...)`` for options that it does not serve.
    Subclasses are covered if they redefine nothing that may change the answers.

    Args:
        classes: the classes of the estimators.
        width: returns the number of input columns of an estimator without ``n_features_in_`` or ``feature_names_in_``.
        by_name: the classes read a table by the names of its columns.  Without it, tables with other columns than those
            of fitting, or in another order, are rejected, because the classes may read them by position.
        replace: replace an importer that is registered, such as that of an earlier run of a notebook's cell.

    Raises:
        TypeError: no class is given, or something else; or a class has an importer.
    """
    odd = [one for one in classes if not isinstance(one, type)]
    if odd or not classes:
        shown = f"got {odd[0]!r:.80}" if odd else "got none"
        raise TypeError(f"register: expected classes of estimators, {shown}; write @register(MyTransformer)")
    for kind in classes:
        if kind.__module__.partition(".")[0] in FAMILIES:
            load_family(kind)
        if kind in IMPORTERS and not replace:
            raise TypeError(
                f"register: {kind.__module__}.{kind.__qualname__} already has an importer, {_name(IMPORTERS[kind])}; "
                "remove one of the two, or write register(..., replace=True)"
            )

    def decorate(function: Function) -> Function:
        importer = _adapted(function, by_name=by_name)
        for kind in classes:
            IMPORTERS[kind] = importer
            REGISTERED[kind] = by_name
            if width is not None:
                INPUTS_OF[kind] = _inputs_by(width)
        return function

    return decorate


class Features:
    """The input of an estimator: columns in order, whose type is open until one of the methods below reads them."""

    def __init__(self, columns: Columns) -> None:
        """Wrap the columns of a step."""
        self._columns = columns

    @property
    def width(self) -> int:
        """The number of columns."""
        return self._columns.width

    @property
    def names(self) -> tuple[str, ...] | None:
        """The names of the columns, if the input is the table that the model was fitted on."""
        return self._columns.names

    def numbers(self, dtype: str | None = None, *, sparse: bool = False) -> Value:
        """Return all columns as one matrix of floats.

        Args:
            dtype: f32 or f64; None: float32 if the input is, otherwise float64.
            sparse: accept sparse rows; otherwise they are refused.

        Raises:
            UnsupportedError: the columns hold texts, or are sparse.
        """
        node = self._columns.numbers(dtype)
        if node.type.layout == "sparse" and not sparse:
            raise UnreadableError("it is given a sparse matrix; make the step before it give a dense one")
        return of(node)

    def number(self) -> Value:
        """Return the only column as one float per row.

        Raises:
            UnsupportedError: there are several columns, or the column holds texts.
        """
        return of(self._columns.number())

    def text(self) -> Value:
        """Return the only column as one text per row.

        Raises:
            UnsupportedError: there are several columns, or the column holds numbers.
        """
        return of(self._columns.text())

    def texts(self) -> Value:
        """Return all columns as one matrix of texts.

        Raises:
            UnsupportedError: a column holds numbers.
        """
        return of(self._columns.texts())

    def select(self, *columns: int | str) -> Features:
        """Return the columns at these positions or of these names, in this order.

        Raises:
            UnsupportedError: a column does not exist.
        """
        return Features(self._columns.select([self._position(column) for column in columns]))

    def _position(self, column: int | str) -> int:
        if isinstance(column, str) and column in (self.names or ()):
            return (self.names or ()).index(column)
        if isinstance(column, str) or not -self.width <= column < self.width:
            known = ", ".join(self.names or ())[:200] or f"0..{self.width - 1}"
            raise UnreadableError(f"it reads column {column!r:.80}, and has only {known}; give it that column")
        return int(column) % self.width


class Part:
    """The place of an estimator in the model that is imported: ``pipeline.features.text``."""

    def __init__(self, step: Step) -> None:
        """Wrap a step."""
        self._step = step

    @property
    def path(self) -> str:
        """The path of the step, as messages show it."""
        return self._step.path

    def refuse(self, option: str, reason: str, remedy: str) -> UnsupportedError:
        """Return the error to raise if the estimator cannot be served exactly.

        Args:
            option: the argument of the constructor that is the cause, or "".
            reason: why not, as the part of a sentence after a colon.
            remedy: what to do instead.
        """
        return self._step.refuse(option, reason, remedy)

    def may_differ(self, reason: str, remedy: str) -> None:
        """Record that some answers may differ from the estimator's, of which deployments without a sample then warn."""
        self._step.may_differ(reason, remedy)

    def transform(self, name: str, estimator: Any, x: Features | Value) -> Value:
        """Import an inner estimator, the part ``name`` of this one, and return its ``transform`` of ``x``."""
        return of(self._step.transform(name, estimator, _columns(x)))

    def methods(self, name: str, estimator: Any, x: Features | Value) -> dict[str, Value]:
        """Import an inner estimator, and return the value of each of its methods."""
        return {method: of(node) for method, node in self._step.enter(name, estimator, _columns(x)).items()}


def _adapted(function: Callable[..., Imported], *, by_name: bool) -> Importer:
    """Return a function of the registry that calls a registered one."""

    def importer(estimator: Any, x: Columns, step: Step) -> Methods:
        if not by_name and x.further:
            step.inputs.metadata["others"] = "refused"
        try:
            returned = function(estimator, Features(x), Part(step))
        except DefinitionError as error:
            error.add_note(f"in {_name(function)}, the importer of {step.path} ({type(estimator).__name__})")
            raise
        return _checked(returned, estimator, function)

    importer.__wrapped__ = function  # type: ignore[attr-defined]
    return importer


def _checked(returned: Any, estimator: Any, function: Any) -> Methods:
    """Return the nodes of what an importer returned.

    Raises:
        TypeError: it is not a mapping of methods to values, or names a method that the estimator does not have.
    """
    said = f"{_name(function)}, the importer of {type(estimator).__name__}, returned"
    if not isinstance(returned, Mapping) or not returned:
        raise TypeError(f"{said} {returned!r:.80}; expected a value for each method: {{'transform': value}}")
    for method, value in returned.items():
        if not isinstance(value, Value | Node):
            raise TypeError(f"{said} {value!r:.80} as {method!r}; expected a value, such as x.numbers().scale(2)")
        if answer_of(estimator, method.partition("[")[0]) is None:
            raise TypeError(f"{said} {method!r}, which the estimator does not have; name the methods of its class")
    return {method: value if isinstance(value, Node) else value.node for method, value in returned.items()}


def _columns(x: Features | Value) -> Columns:
    return x._columns if isinstance(x, Features) else Columns.of(x.node)


def _inputs_by(width: Callable[[Any], int]) -> Callable[[Any, Inputs], Columns]:
    def columns(estimator: Any, inputs: Inputs) -> Columns:
        names: Sequence[str] | None = getattr(estimator, "feature_names_in_", None)
        return Columns.given(inputs, None if names is None else tuple(map(str, names)), int(width(estimator)))

    return columns


def _name(function: Any) -> str:
    function = getattr(function, "__wrapped__", function)
    return f"{function.__module__}.{getattr(function, '__qualname__', repr(function))}"
