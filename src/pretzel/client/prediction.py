"""Predictions as operations: describe the model, split the input, call, join the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

from pretzel.adapters.inputs import DECIDES, columns_of
from pretzel.adapters.pieces import cut, join
from pretzel.adapters.results import result_of
from pretzel.client.blocks import Part, parts_of
from pretzel.client.failures import CutOffError, call_failure
from pretzel.client.operations import ATTEMPTS, Operation, ParallelStreams, StreamCall, UnaryCall, backoff
from pretzel.client.row_numbers import first_rows, shifted
from pretzel.errors import InputError, NoCatalogError, NotFoundError, PretzelError, StaleCatalogError, UnavailableError
from pretzel.plan import multioutput
from pretzel.plan.caveats import why_not
from pretzel.plan.forms import as_returned, has_form
from pretzel.plan.model import ModelDescription
from pretzel.plan.multioutput import outputs_of
from pretzel.plan.texts import all_sendable, sendable
from pretzel.plan.wire import Value, columns_from_proto, columns_to_proto, description_from_proto
from pretzel.v1 import prediction_pb2 as pb

Descriptions = dict[str, ModelDescription]
"""A client's cache of model descriptions, by the name used in calls."""

Columns = Mapping[str, Value]
OnError = Literal["raise", "return"]
TURNS = 5
"""Attempts of gRPC at a unary call: streams are retried that many times more while workers have no catalog."""
STREAMS = 4
"""Number of streams for one large input."""


def describe(cache: Descriptions, model: str) -> Operation[ModelDescription]:
    """Request the description of a model, and cache it."""
    cache.pop(sendable("model name", model), None)
    response = yield from _ask("DescribeModel", pb.DescribeModelRequest(model=model))
    description = cache[model] = description_from_proto(response.description)
    return description


def score(cache: Descriptions, model: str, X: Any, method: str) -> Operation[Any]:
    """Compute what ``method`` of the model returns for ``X``.

    A stale description can make a valid input look invalid, so the description is refreshed before an error is raised.
    """
    description = cache.get(sendable("model name", model)) or (yield from describe(cache, model))
    try:
        return (yield from _score(cache, description, model, X, method))
    except (InputError, NotFoundError):
        fresh = yield from describe(cache, model)
        if fresh.version == description.version:
            raise
        return (yield from _score(cache, fresh, model, X, method))


def _score(cache: Descriptions, description: ModelDescription, model: str, X: Any, method: str) -> Operation[Any]:
    outputs = _outputs(description, model, method)
    columns = columns_of(X, description.inputs, description.version.metadata, method)
    version, values = yield from infer(model, columns, outputs, _answer_bytes(description, outputs))
    if version != description.version.version:
        cache.pop(model, None)
    return _result(description, method, values)


def infer(
    model: str, columns: Columns, outputs: Sequence[str], answer_bytes: int = 0
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
        responses = [(yield from _ask("Predict", request(0)))]
    else:
        responses = yield from _stream(request, first_rows(pieces))
    versions = {response.version for response in responses}
    if len(versions) > 1:
        return (yield from infer(_pinned(model, max(versions)), columns, outputs, answer_bytes))
    return versions.pop(), _joined([columns_from_proto(response.columns) for response in responses], outputs)


def _ask(method: str, request: Any) -> Operation[Any]:
    """Call, and retry if the response was cut off, or if the worker has no catalog or a stale one.

    gRPC does not retry a call after part of its response arrived, and may pick the same worker for each attempt.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return (yield UnaryCall(method, request))
        except (CutOffError, NoCatalogError, StaleCatalogError):
            yield backoff(attempt)
    return (yield UnaryCall(method, request))


def _stream(request: Callable[[int], pb.PredictRequest], starts: Sequence[int]) -> Operation[list[pb.PredictResponse]]:
    """Send pieces over a few streams; pieces without an answer after a broken stream are sent again.

    ``starts``: the first row of each piece.
    """
    answers: dict[int, pb.PredictResponse] = {}
    count = len(starts)
    failures = 0
    while missing := [i for i in range(count) if i not in answers]:
        try:
            streams = range(min(STREAMS, len(missing)))
            yield ParallelStreams([_listen(request, missing[k::STREAMS], answers, starts) for k in streams])
        except UnavailableError as error:
            failures = failures + 1 if len(missing) == count - len(answers) else 1
            if failures == ATTEMPTS * (TURNS if isinstance(error, NoCatalogError) else 1):
                raise
            yield backoff(failures)
    return [answers[i] for i in range(count)]


def _listen(
    request: Callable[[int], pb.PredictRequest],
    ids: list[int],
    answers: dict[int, pb.PredictResponse],
    starts: Sequence[int],
) -> StreamCall:
    def requests() -> Iterator[pb.PredictStreamRequest]:
        for i in ids:
            yield pb.PredictStreamRequest(id=i, request=request(i))

    def accept(response: pb.PredictStreamResponse) -> None:
        if response.WhichOneof("result") != "response":
            raise call_failure(response.error.code, shifted(response.error.message, starts[response.id]))
        answers[response.id] = response.response

    return StreamCall("PredictStream", requests(), accept)


def score_many(
    cache: Descriptions, models: Iterable[str], X: Any, method: str, errors: OnError
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
    results = yield from _attempt(cache, names, X, method)
    failed = [name for name in names if isinstance(results[name], (InputError, NotFoundError))]
    if changed := (yield from _changed(cache, failed)):
        results |= yield from _attempt(cache, changed, X, method)
    if errors == "raise":
        _raise_first(results)
    return {name: results[name] for name in names}


def _attempt(cache: Descriptions, names: list[str], X: Any, method: str) -> Operation[dict[str, Any]]:
    results: dict[str, Any] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        try:
            description = cache.get(name) or (yield from describe(cache, name))
            groups.setdefault(_call_key(description, name, method), []).append(name)
        except (InputError, NotFoundError) as error:
            results[name] = error
    for group in groups.values():
        try:
            results |= yield from _score_group(cache, group, X, method)
        except InputError as error:
            results |= dict.fromkeys(group, error)
    return results


def _changed(cache: Descriptions, names: list[str]) -> Operation[list[str]]:
    """Refresh descriptions; return the models whose version changed."""
    changed = []
    for name in names:
        before = cache.get(name)
        try:
            description = yield from describe(cache, name)
        except (InputError, NotFoundError):
            continue
        if before is not None and description.version != before.version:
            changed.append(name)
    return changed


def _score_group(cache: Descriptions, models: list[str], X: Any, method: str) -> Operation[dict[str, Any]]:
    first = cache[models[0]]
    columns = columns_of(X, first.inputs, first.version.metadata, method)
    outputs = _outputs(first, models[0], method)
    answer_bytes = sum(_answer_bytes(cache[model], outputs) for model in models)
    targets = dict(zip(models, models, strict=True))
    while True:
        answers = yield from _ask_many(list(targets.values()), cut(columns, answer_bytes), outputs)
        versions = [{getattr(part, "version", 0) for part in parts} - {0} for parts in answers]
        if all(len(numbers) < 2 for numbers in versions):
            break
        targets = {m: _pinned(m, max(seen)) if seen else m for m, seen in zip(models, versions, strict=True)}
    return {m: _many_result(cache, m, method, outputs, parts) for m, parts in zip(models, answers, strict=True)}


def _ask_many(models: list[str], pieces: list[dict[str, Value]], outputs: list[str]) -> Operation[list[list[Part]]]:
    """Return the answers of each model to the pieces."""
    answers: list[list[Part]] = [[] for _ in models]
    for piece, start in zip(pieces, first_rows(pieces), strict=True):
        request = pb.PredictManyRequest(models=models, columns=columns_to_proto(piece), outputs=outputs, matrix=True)
        response = yield from _ask("PredictMany", request)
        for parts, part in zip(answers, parts_of(response, len(models), start), strict=True):
            parts.append(part)
    return answers


def _many_result(cache: Descriptions, model: str, method: str, outputs: list[str], parts: list[Part]) -> Any:
    answered = [part for part in parts if not isinstance(part, PretzelError)]
    if len(answered) < len(parts):
        return next(part for part in parts if isinstance(part, PretzelError))
    description = cache[model]
    if answered[0].version != description.version.version:
        cache.pop(model, None)
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
    return multioutput.join(method, list(results.values()), list(results))


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
