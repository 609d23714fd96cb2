"""Predictions as operations: describe the model, split the input, call, join the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Literal, get_args

from google.protobuf.message import DecodeError

from pretzel.adapters.inputs import DECIDES, columns_of
from pretzel.adapters.pieces import cut, join
from pretzel.adapters.result_tables import join as joined_result
from pretzel.adapters.results import result_of
from pretzel.client.asking import ask, ask_each, repeat, stream
from pretzel.client.blocks import Part, parts_of
from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.row_numbers import first_rows
from pretzel.client.session import Session
from pretzel.client.shortcut import Shortcut
from pretzel.errors import InputError, NotFoundError, PretzelError
from pretzel.plan.caveats import why_not
from pretzel.plan.forms import as_returned, has_form
from pretzel.plan.model import ModelDescription
from pretzel.plan.multioutput import outputs_of
from pretzel.plan.texts import all_sendable, sendable
from pretzel.plan.wire import Value, columns_from_proto, columns_to_proto, description_from_proto
from pretzel.v1 import prediction_pb2 as pb

Columns = Mapping[str, Value]
OnError = Literal["raise", "return"]


def describe(session: Session, model: str) -> Operation[ModelDescription]:
    """Request the description of a model, and cache it."""
    session.descriptions.pop(sendable("model name", model), None)
    response = yield from ask(session.budget, "DescribeModel", pb.DescribeModelRequest(model=model))
    description = session.descriptions[model] = description_from_proto(response.description)
    return description


def score(session: Session, model: str, X: Any, method: str) -> Operation[Any]:
    """Compute what ``method`` of the model returns for ``X``.

    A stale description can make a valid input look invalid, so the description is refreshed before an error is raised.
    """
    known = session.descriptions.get(model) if isinstance(model, str) else None
    description = known or (yield from describe(session, model))
    shortcut = session.shortcuts.get((model, method))
    try:
        request = shortcut.request(X) if shortcut is not None and shortcut.description is description else None
        if shortcut is None or request is None:
            return (yield from _score(session, description, model, X, method))
        call = UnaryCall("PredictBytes", request)
        session.budget.earn()
        try:
            response = yield call  # not by ask(): each generator costs a little of every call
        except PretzelError as error:
            response = yield from repeat(session.budget, call, error)
        if (result := shortcut.result(response)) is not None:
            return result
        version, values = read(response, shortcut)
        if version != description.version.version:
            session.descriptions.pop(model, None)
        return _result(description, method, values)
    except (InputError, NotFoundError):
        fresh = yield from describe(session, model)
        if fresh.version == description.version:
            raise
        return (yield from _score(session, fresh, model, X, method))


def _score(session: Session, description: ModelDescription, model: str, X: Any, method: str) -> Operation[Any]:
    outputs = _outputs(description, model, method)
    columns = columns_of(X, description.inputs, description.version.metadata, method)
    version, values = yield from infer(session, model, columns, outputs, _answer_bytes(description, outputs))
    if version != description.version.version:
        session.descriptions.pop(model, None)
    else:
        known = session.shortcuts.get((model, method))
        if known is None or known.description is not description:
            known = session.shortcuts[model, method] = Shortcut(model, method, description, outputs)
        known.learn_table(X, columns)
    return _result(description, method, values)


def read(response: bytes, shortcut: Shortcut) -> tuple[int, dict[str, Value]]:
    """Read a response in the general way, and learn its form."""
    try:
        parsed = pb.PredictResponse.FromString(response)
    except DecodeError as error:
        problem = f"received a response that cannot be read ({error}); is the server another version?"
        raise PretzelError(problem) from None
    values = _joined([columns_from_proto(parsed.columns)], shortcut.outputs)
    if parsed.version == shortcut.description.version.version:
        shortcut.learn(response, parsed, values)
    return parsed.version, values


def infer(
    session: Session, model: str, columns: Columns, outputs: Sequence[str], answer_bytes: int = 0
) -> Operation[tuple[int, dict[str, Value]]]:
    """Compute outputs over columns; return the version that answered, and the outputs by name.

    If the version changes between the pieces of one input, all are sent again to the newer version.
    """
    sendable("model name", model)
    names = all_sendable("output name", outputs)
    pieces = cut(columns, answer_bytes)

    def request(i: int) -> pb.PredictRequest:
        return pb.PredictRequest(model=model, columns=columns_to_proto(pieces[i]), outputs=names)

    if len(pieces) == 1:
        responses = [(yield from ask(session.budget, "Predict", request(0)))]
    else:
        responses = yield from stream(session.budget, request, first_rows(pieces))
    versions = {response.version for response in responses}
    if len(versions) > 1:
        return (yield from infer(session, _pinned(model, max(versions)), columns, outputs, answer_bytes))
    return versions.pop(), _joined([columns_from_proto(response.columns) for response in responses], outputs)


def score_many(
    session: Session, models: Iterable[str], X: Any, method: str, errors: OnError
) -> Operation[dict[str, Any]]:
    """Compute what ``method`` of each model returns for ``X``; models with the same inputs share one call.

    Raises:
        InputError: ``models`` is a single name, or ``errors`` is neither ``raise`` nor ``return``.
    """
    if isinstance(models, str):
        raise InputError(f"models: expected a list of names, got {models!r}; put it in a list")
    if errors not in get_args(OnError):
        raise InputError(f"errors: expected {' or '.join(get_args(OnError))}, got {errors!r}")
    names = list(dict.fromkeys(all_sendable("model name", models)))
    results = yield from _attempt(session, names, X, method)
    failed = [name for name in names if isinstance(results[name], (InputError, NotFoundError))]
    if changed := (yield from _changed(session, failed)):
        results |= yield from _attempt(session, changed, X, method)
    if errors == "raise":
        _raise_first(results)
    return {name: results[name] for name in names}


def _attempt(session: Session, names: list[str], X: Any, method: str) -> Operation[dict[str, Any]]:
    results: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        try:
            description = session.descriptions.get(name) or (yield from describe(session, name))
            groups.setdefault(_call_key(description, name, method), []).append(name)
        except (InputError, NotFoundError) as error:
            results[name] = error
    for group in groups.values():
        try:
            results |= yield from _score_group(session, group, X, method)
        except InputError as error:
            results |= dict.fromkeys(group, error)
    return results


def _changed(session: Session, names: list[str]) -> Operation[list[str]]:
    """Refresh descriptions; return the models whose version changed."""
    changed = []
    for name in names:
        before = session.descriptions.get(name)
        try:
            description = yield from describe(session, name)
        except (InputError, NotFoundError):
            continue
        if before is not None and description.version != before.version:
            changed.append(name)
    return changed


def _score_group(session: Session, models: list[str], X: Any, method: str) -> Operation[dict[str, Any]]:
    first = session.descriptions[models[0]]
    columns = columns_of(X, first.inputs, first.version.metadata, method)
    outputs = _outputs(first, models[0], method)
    answer_bytes = sum(_answer_bytes(session.descriptions[model], outputs) for model in models)
    targets = dict(zip(models, models, strict=True))
    while True:
        answers = yield from _ask_many(session, list(targets.values()), cut(columns, answer_bytes), outputs)
        versions = [{getattr(part, "version", 0) for part in parts} - {0} for parts in answers]
        if all(len(numbers) < 2 for numbers in versions):
            break
        targets = {m: _pinned(m, max(seen)) if seen else m for m, seen in zip(models, versions, strict=True)}
    return {m: _many_result(session, m, method, outputs, parts) for m, parts in zip(models, answers, strict=True)}


def _ask_many(
    session: Session, models: list[str], pieces: list[dict[str, Value]], outputs: list[str]
) -> Operation[list[list[Part]]]:
    """Return the answers of each model to the pieces."""
    answers: list[list[Part]] = [[] for _ in models]
    for piece, start in zip(pieces, first_rows(pieces), strict=True):
        call = partial(_call_of, models, columns_to_proto(piece), outputs)
        found = yield from ask_each(session.budget, call, partial(parts_of, first_row=start), len(models))
        for parts, part in zip(answers, found, strict=True):
            parts.append(part)
    return answers


def _call_of(models: list[str], columns: Any, outputs: list[str], some: list[int]) -> UnaryCall:
    names = [models[i] for i in some]
    request = pb.PredictManyRequest(models=names, columns=columns, outputs=outputs, matrix=True)
    return UnaryCall("PredictMany", request)


def _many_result(session: Session, model: str, method: str, outputs: list[str], parts: list[Part]) -> Any:
    answered = [part for part in parts if not isinstance(part, PretzelError)]
    if len(answered) < len(parts):
        return next(part for part in parts if isinstance(part, PretzelError))
    description = session.descriptions[model]
    if answered[0].version != description.version.version:
        session.descriptions.pop(model, None)
    values = _joined([part.values for part in answered], outputs)
    return _result(description, method, values)


def _raise_first(results: Mapping[str, Any]) -> None:
    for name, result in results.items():
        if isinstance(result, PretzelError):
            raise result if repr(name) in str(result) else type(result)(f"model {name!r}: {result}")


@lru_cache(maxsize=4096)
def _call_key(description: ModelDescription, model: str, method: str) -> str:
    """Return the key of a call: equal for models whose X is converted alike and whose outputs have the same names."""
    metadata = description.version.metadata
    converted = (description.inputs, *(metadata.get(key) for key in DECIDES))
    return repr((converted, _outputs(description, model, method)))


def _outputs(description: ModelDescription, model: str, method: str) -> list[str]:
    """Return the outputs of a method: one, or one per target."""
    names = [output.name for output in description.outputs]
    outputs = outputs_of(method, names)
    if not outputs:
        reason = why_not(method, description.version.metadata)
        raise NotFoundError(f"model {model!r} has no output {method!r}; it has {', '.join(names)}{reason}")
    return outputs


def _result(description: ModelDescription, method: str, values: Mapping[str, Value]) -> Any:
    metadata = description.version.metadata
    dtype = metadata.get("classes_dtype")
    results = {name: result_of(value, dtype) for name, value in values.items()}
    results = {
        name: as_returned(name, result, metadata) if has_form(name, metadata) else result
        for name, result in results.items()
    }
    return joined_result(method, list(results.values()), list(results), metadata)


def _answer_bytes(description: ModelDescription, outputs: Sequence[str]) -> int:
    """Return the bytes of the answer to one row, as far as the types determine it."""
    return _bytes_of(description, tuple(outputs))


@lru_cache(maxsize=4096)
def _bytes_of(description: ModelDescription, outputs: tuple[str, ...]) -> int:
    kinds = (output.type for output in description.outputs if output.name in outputs)
    return sum(kind.columns * 8 for kind in kinds if kind.layout == "dense")


def _pinned(model: str, version: int) -> str:
    return f"{model.partition('@')[0].partition(':')[0]}@{version}"


def _joined(answers: list[dict[str, Value]], outputs: Sequence[str]) -> dict[str, Value]:
    names = list(outputs) or list(answers[0])
    for answer in answers:
        if answer.keys() != {*names}:
            raise PretzelError(f"requested outputs {names}, received {list(answer)}; is the server another version?")
    return {name: join([answer[name] for answer in answers]) for name in names}
