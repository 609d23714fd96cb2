"""Export of one fitted estimator to one definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pretzel.errors import DefinitionError, InputError, UnsupportedError
from pretzel.importers.collecting import Collecting, first_cause
from pretzel.importers.columns import Columns
from pretzel.importers.files import opened
from pretzel.importers.findings import Findings
from pretzel.importers.inputs import MATRIX, Inputs
from pretzel.importers.integers import Rule, all_whole, rules_of, to_be_typed
from pretzel.importers.metadata import metadata_of
from pretzel.importers.objects import compared_in_float32, kept_of, objects_of
from pretzel.importers.optional import with_wanted
from pretzel.importers.own import own_importer
from pretzel.importers.registry import INPUTS_OF, Step, import_estimator, served_as
from pretzel.importers.samples import (
    categories_read,
    holds_nullable,
    integer_columns,
    is_polars,
    is_table,
    settled,
    settled_by_position,
)
from pretzel.importers.settled import Settled
from pretzel.importers.singles import sent_as_float32, small_beside_floats
from pretzel.plan.caveats import KEY, LEFT_OUT, warn_of
from pretzel.plan.definition import Definition
from pretzel.plan.model import column_order
from pretzel.plan.result_tables import without_others
from pretzel.plan.types import ValueType


def export(
    estimator: Any, *, sample: Any = None, outputs: Sequence[str] | None = None, python: str | None = None
) -> Definition:
    """Return the definition of a fitted estimator: its inputs, its operators, and one output for each of its methods.

    A path is read as a model file in its library's format.

    ``sample`` is data like that of requests (an array, a DataFrame, a list of texts).  It decides which columns hold
    texts and whether numbers are float32; without it, the steps decide, and numbers are float64.

    ``outputs`` names the outputs: methods, and ``contributions`` or ``leaf_index`` if the estimator has them.
    Without it, there is one for each method, and optional ones that add little to the size of the model.

    ``python="isolated"`` makes Python stages of steps that cannot be opened: their code is pickled, and runs in side
    processes of servers that allow it.  It needs a ``sample``, on which the steps are run, and cloudpickle.

    Raises:
        UnsupportedError: a step, an option or a callable cannot be served exactly; the message names the step.  Or one
            of ``outputs`` does not exist.
        InputError: a file is damaged, or does not match its format.

    Warns:
        AnswersMayDifferWarning: answers of a step may differ from the library's; the message names step and reason.
    """
    definition = definition_of(estimator, sample=sample, outputs=outputs, python=python)
    warn_of(definition.metadata)
    return definition


def definition_of(
    estimator: Any, *, sample: Any = None, outputs: Sequence[str] | None = None, python: str | None = None
) -> Definition:
    """Do as :func:`export`, but record answers that may differ only in the metadata, without a warning."""
    estimator = opened(estimator)
    if python is not None:
        return finished(made_as_known(estimator, sample, _isolating(python, estimator, sample)), sample, outputs)
    try:
        return finished(made_as_known(estimator, sample, Findings()), sample, outputs)
    except (UnsupportedError, DefinitionError) as error:
        cause = _cause(error, estimator, sample)
        if cause is error:
            raise
        raise cause from error


def _isolating(python: str, estimator: Any, sample: Any) -> Findings:
    if python != "isolated":
        raise InputError(f"python={python!r:.40}: expected 'isolated', or None")
    from pretzel.importers.isolated.isolating import Isolating

    return Isolating(model=estimator, sample=sample)


class Making:
    """An imported estimator, from which a definition is assembled."""

    def __init__(self, estimator: Any, inputs: Inputs, findings: Findings) -> None:
        """Import an estimator over ``inputs``; notes and refusals of its steps go to ``findings``."""
        self.estimator, self.inputs, self.findings = estimator, inputs, findings
        self.x = findings.given(inputs, _given(estimator, inputs))
        step = Step(type(estimator).__name__.lower(), estimator, findings, inputs=inputs)
        self.methods = import_estimator(estimator, self.x, step)
        self.offers, self.forms, self.left_out = step.offers, step.forms, step.left_out


def made_as_known(estimator: Any, sample: Any, findings: Findings) -> Making:
    """Import an estimator by the types of a sample, with an input per column if their kinds differ."""
    inputs = Inputs(settled(sample))
    try:
        making = Making(estimator, inputs, findings)
    except UnsupportedError:
        if not inputs.mixed or not inputs.width:
            raise
    else:
        if not inputs.width or not (inputs.mixed or inputs.reads_some_texts):
            return making
    findings.clear()
    return Making(estimator, Inputs(settled_by_position(sample)), findings)


def finished(making: Making, sample: Any = None, outputs: Sequence[str] | None = None) -> Definition:
    """Return the definition of an import, with the rules by which clients read integers."""
    definition = _in_float32(making, sample, outputs) or _assembled(making, outputs)
    if making.inputs.tells_integers and not making.inputs.reads_integers:
        definition = _telling_integers(making, sample, definition, outputs)
    if held := categories_read(sample, definition):
        return replace(definition, metadata={**definition.metadata, "categories_read": held})
    return definition


def _in_float32(making: Making, sample: Any, outputs: Sequence[str] | None) -> Definition | None:
    """Return a definition that computes in float32 if NumPy does so for a sample; None if it does not."""
    small = small_beside_floats(sample, making.inputs.used)
    if not small:
        return None
    whole = _made_like(making, {**making.inputs.types, **small}, "table")
    return sent_as_float32(_assembled(whole, outputs), small)


def _assembled(making: Making, wanted: Sequence[str] | None) -> Definition:
    outputs, about = with_wanted(making.estimator, making.methods, making.offers, wanted)
    about["forms"] |= {name: form for name, form in making.forms.items() if name in outputs}
    order = column_order(making.x.names or map(str, range(making.inputs.width or 0)))
    used = tuple(sorted(making.inputs.used.values(), key=lambda node: order(node.column)))
    metadata = metadata_of(making.estimator, making.x, making.inputs, [node.column for node in used], about)
    if objects := objects_of(outputs, making.inputs.framed.values(), making.inputs.tabled):
        metadata["objects"] = objects
    if kept := kept_of(outputs.values()):
        metadata["kept"] = kept
    if compared := compared_in_float32(outputs.values()):
        metadata["compared"] = compared
    required = making.inputs.of_type
    if of_type := {name: required[node] for name, node in outputs.items() if node in required}:
        metadata["of_type"] = of_type
    if left_out := {method: reason for method, reason in making.left_out.items() if method not in making.methods}:
        metadata[LEFT_OUT] = left_out
    if making.findings.notes:
        metadata[KEY] = [note.as_map() for note in making.findings.notes]
    return Definition(outputs, used, without_others(metadata, outputs), dict(making.findings.names.of))


def _telling_integers(making: Making, sample: Any, definition: Definition, outputs: Sequence[str] | None) -> Definition:
    """Return a definition with the rules by which clients read integers, and integer inputs where floats differ."""
    kinds = {name: kind for name, kind in making.inputs.types.items() if name in making.inputs.used}
    rules = {kind: _integer_rules(making, kinds, kind) for kind in ("array", "table")}
    if not any(rules.values()):
        return definition
    metadata: dict[str, Any] = {"integers_read": rules}
    if type(_first_reader(making.estimator)).__name__ == "ColumnTransformer":
        metadata["lists"] = "objects"
    form = "table" if is_table(sample) else "array"
    lasting = [rule for rule in rules[form] if rule.get("nullable") or not holds_nullable(sample, rule["inputs"])]
    settles = not is_polars(sample) and not any(rule.get("doubtful") for rule in rules[form])
    typed = to_be_typed(lasting, integer_columns(sample, definition)) if settles else {}
    if typed:
        whole = {name: ValueType(typed.get(name, kind.dtype), kind.width, kind.layout) for name, kind in kinds.items()}
        definition = _assembled(_made_like(making, whole, form), outputs)
        metadata["typed"] = "any" if rules["array"] == rules["table"] else form
    return replace(definition, metadata={**definition.metadata, **metadata})


def _integer_rules(making: Making, kinds: dict[str, ValueType], form: str) -> list[Rule]:
    """Return the rules for integers in an array or in a table."""
    trial = _made_like(making, all_whole(kinds), form, trial=True)
    trial.offers = {}
    anyway, read = making.inputs.whole, trial.inputs
    read.computed = [computed for computed in read.computed if computed.reader not in anyway]
    read.bounded = [bounded for bounded in read.bounded if bounded.reader not in anyway]
    return rules_of(_assembled(trial, None), trial.inputs)


def _made_like(making: Making, types: dict[str, ValueType], form: str, *, trial: bool = False) -> Making:
    inputs = making.inputs
    known = Settled(
        types,
        inputs.categorical,
        inputs.by_position,
        form == "table",
        trial,
        inputs.dates,
        inputs.text_types,
        inputs.names,
    )
    return Making(making.estimator, Inputs(known), making.findings.again())


def _cause(error: Exception, estimator: Any, sample: Any) -> Exception:
    """Return the error to raise: a step refused for its class or options precedes one refused for its input."""
    refusal = getattr(error, "refusal", None)
    if refusal is not None and not refusal.about_input:
        return error
    findings = Collecting()
    try:
        made_as_known(estimator, sample, findings)
    except Exception:  # the first error is as good
        return error
    cause = first_cause(findings.refusals) if findings.refusals else None
    if cause is None or (cause.about_input and not isinstance(error, UnsupportedError)):
        return error
    truer = UnsupportedError(str(cause))
    truer.refusal = cause
    return truer


def _given(estimator: Any, inputs: Inputs) -> Columns:
    estimator = _first_reader(estimator)
    register = INPUTS_OF.get(served_as(type(estimator)))
    if register is not None:
        return register(estimator, inputs)
    names = getattr(estimator, "feature_names_in_", None)
    width = getattr(estimator, "n_features_in_", None)
    if names is None and width is None and own_importer(estimator) is not None:  # which records neither
        names, matrix = inputs.names, inputs.types.get(MATRIX)
        width = None if matrix is None else matrix.width
    columns = None if names is None else tuple(str(name) for name in names)
    return Columns.given(inputs, columns, width)


def _first_reader(estimator: Any) -> Any:
    """Return the estimator that knows the features: the first acting step of a pipeline or union."""
    named = getattr(estimator, "steps", getattr(estimator, "transformer_list", ()))
    steps = [step for _, step in named if not (step is None or isinstance(step, str) or hasattr(step, "fit_resample"))]
    inner = steps[0] if steps else getattr(estimator, "best_estimator_", None)
    return estimator if inner is None else _first_reader(inner)
