"""Predictions as operations: describe, cut, ask, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from pretzel.adapters.inputs import DECIDES, columns_of
from pretzel.adapters.pieces import cut, join
from pretzel.adapters.results import result_of
from pretzel.client.failures import CutOffError, call_failure
from pretzel.client.operations import ATTEMPTS, Operation, ParallelStreams, StreamCall, UnaryCall, backoff
from pretzel.client.row_numbers import beginnings, shifted
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
"""What a client remembers of the models it calls, by the name it calls them."""

Columns = Mapping[str, Value]
OnError = Literal["raise", "return"]
TURNS = 5
"""Attempts of gRPC at a call that is no stream: a worker that has nothing to answer from is met so often more."""
STREAMS = 4
"""Connections that one large input is spread over."""


def describe(known: Descriptions, model: str) -> Operation[ModelDescription]:
    """Ask what a model takes and gives, and remember it."""
    known.pop(sendable("model name", model), None)
    response = yield from _ask("DescribeModel", pb.DescribeModelRequest(model=model))
    description = known[model] = description_from_proto(response.description)
    return description


def score(known: Descriptions, model: str, X: Any, method: str) -> Operation[Any]:
    """Compute what ``method`` of the model returns for ``X``.

    A description that is out of date can make a good input look wrong: it is asked for anew before that is believed.
    """
    description = known.get(sendable("model name", model)) or (yield from describe(known, model))
    try:
        return (yield from _score(known, description, model, X, method))
    except (InputError, NotFoundError):
        fresh = yield from describe(known, model)
        if fresh.version == description.version:
            raise
        return (yield from _score(known, fresh, model, X, method))


def _score(known: Descriptions, description: ModelDescription, model: str, X: Any, method: str) -> Operation[Any]:
    outputs = _outputs(description, model, method)
    columns = columns_of(X, description.inputs, description.version.metadata, method)
    version, values = yield from infer(model, columns, outputs, _answer_bytes(description, outputs))
    if version != description.version.version:
        known.pop(model, None)
    return _result(description, method, values)


def infer(
    model: str, columns: Columns, outputs: Sequence[str], answer_bytes: int = 0
) -> Operation[tuple[int, dict[str, Value]]]:
    """Compute outputs over columns; return the version that answered, and the outputs by name.

    Where a deployment comes in between the pieces of one input, all are asked again of the newer version.
    """
    sendable("model name", model)
    wanted = all_sendable("output name", outputs)
    pieces = cut(columns, answer_bytes)

    def request(i: int) -> pb.PredictRequest:
        return pb.PredictRequest(model=model, columns=columns_to_proto(pieces[i]), outputs=wanted)

    if len(pieces) == 1:
        responses = [(yield from _ask("Predict", request(0)))]
    else:
        responses = yield from _stream(request, beginnings(pieces))
    versions = {response.version for response in responses}
    if len(versions) > 1:
        return (yield from infer(_pinned(model, max(versions)), columns, outputs, answer_bytes))
    return versions.pop(), _joined([columns_from_proto(response.columns) for response in responses], outputs)


def _ask(method: str, request: Any) -> Operation[Any]:
    """Ask, and again where an answer broke off, or where the worker has no catalog, or an old one, and others may not.

    gRPC itself repeats no call of which anything has come back, and its turns may find the same worker each time.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            return (yield UnaryCall(method, request))
        except (CutOffError, NoCatalogError, StaleCatalogError):
            yield backoff(attempt)
    return (yield UnaryCall(method, request))


def _stream(request: Callable[[int], pb.PredictRequest], starts: Sequence[int]) -> Operation[list[pb.PredictResponse]]:
    """Send pieces over a few streams; those whose answers a broken one has lost are sent again.

    ``starts``: the row with which each piece begins.
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
    known: Descriptions, models: Iterable[str], X: Any, method: str, errors: OnError
) -> Operation[dict[str, Any]]:
    """Compute what ``method`` of each model returns for ``X``; models that take the same columns go in one call.

    Raises:
        InputError: ``models`` is one name, or ``errors`` is neither of the two.
    """
    if isinstance(models, str):
        raise InputError(f"models: expected a list of names, got {models!r}; put it in a list")
    if errors not in get_args(OnError):
        raise InputError(f"errors: expected {' or '.join(get_args(OnError))}, got {errors!r}")
    names = list(dict.fromkeys(all_sendable("model name", models)))
    results = yield from _attempt(known, names, X, method)
    refused = [name for name in names if isinstance(results[name], (InputError, NotFoundError))]
    if changed := (yield from _changed(known, refused)):
        results |= yield from _attempt(known, changed, X, method)
    if errors == "raise":
        _raise_first(results)
    return {name: results[name] for name in names}


def _attempt(known: Descriptions, names: list[str], X: Any, method: str) -> Operation[dict[str, Any]]:
    results: dict[str, Any] = {}
    groups: dict[tuple[Any, ...], list[str]] = {}
    for name in names:
        try:
            description = known.get(name) or (yield from describe(known, name))
            outputs = _outputs(description, name, method)
            groups.setdefault((*_cutting(description), *outputs), []).append(name)
        except (InputError, NotFoundError) as error:
            results[name] = error
    for group in groups.values():
        try:
            results |= yield from _score_group(known, group, X, method)
        except InputError as error:
            results |= dict.fromkeys(group, error)
    return results


def _changed(known: Descriptions, names: list[str]) -> Operation[list[str]]:
    """Describe models anew; return those that are not what they were thought to be."""
    found = []
    for name in names:
        before = known.get(name)
        try:
            description = yield from describe(known, name)
        except (InputError, NotFoundError):
            continue
        if before is not None and description.version != before.version:
            found.append(name)
    return found


def _score_group(known: Descriptions, models: list[str], X: Any, method: str) -> Operation[dict[str, Any]]:
    first = known[models[0]]
    columns = columns_of(X, first.inputs, first.version.metadata, method)
    outputs = _outputs(first, models[0], method)
    answer_bytes = sum(_answer_bytes(known[model], outputs) for model in models)
    asked = dict(zip(models, models, strict=True))
    while True:
        answers = yield from _ask_many(list(asked.values()), cut(columns, answer_bytes), outputs)
        versions = [{getattr(part, "version", 0) for part in parts} - {0} for parts in answers]
        if all(len(found) < 2 for found in versions):
            break
        asked = {m: _pinned(m, max(found)) if found else m for m, found in zip(models, versions, strict=True)}
    return {model: _many_result(known, model, method, parts) for model, parts in zip(models, answers, strict=True)}


Part = pb.PredictResponse | PretzelError


def _ask_many(models: list[str], pieces: list[dict[str, Value]], outputs: list[str]) -> Operation[list[list[Part]]]:
    """Return, for each model, its answers to the pieces."""
    answers: list[list[Part]] = [[] for _ in models]
    for piece, start in zip(pieces, beginnings(pieces), strict=True):
        request = pb.PredictManyRequest(models=models, columns=columns_to_proto(piece), outputs=outputs)
        response = yield from _ask("PredictMany", request)
        if len(response.results) != len(models):
            raise PretzelError(f"{len(models)} models were asked, {len(response.results)} answered")
        for parts, result in zip(answers, response.results, strict=True):
            failed = result.WhichOneof("result") != "response"
            message = shifted(result.error.message, start)
            parts.append(call_failure(result.error.code, message) if failed else result.response)
    return answers


def _many_result(known: Descriptions, model: str, method: str, parts: list[Part]) -> Any:
    responses = [part for part in parts if not isinstance(part, PretzelError)]
    if len(responses) < len(parts):
        return next(part for part in parts if isinstance(part, PretzelError))
    description = known[model]
    if responses[0].version != description.version.version:
        known.pop(model, None)
    outputs = _outputs(description, model, method)
    values = _joined([columns_from_proto(response.columns) for response in responses], outputs)
    return _result(description, method, values)


def _raise_first(results: Mapping[str, Any]) -> None:
    for name, result in results.items():
        if isinstance(result, PretzelError):
            raise result if repr(name) in str(result) else type(result)(f"model {name!r}: {result}")


def _cutting(description: ModelDescription) -> tuple[Any, ...]:
    """What decides how X is cut: equal for models that can share one call."""
    metadata = description.version.metadata
    return (description.inputs, *(repr(metadata.get(key)) for key in DECIDES))


def _outputs(description: ModelDescription, model: str, method: str) -> list[str]:
    """Return the outputs that hold what a method answers: one, or one a target."""
    names = [output.name for output in description.outputs]
    outputs = outputs_of(method, names)
    if not outputs:
        told = why_not(method, description.version.metadata)
        raise NotFoundError(f"model {model!r} has no output {method!r}; it has {', '.join(names)}{told}")
    return outputs


def _result(description: ModelDescription, method: str, values: Mapping[str, Value]) -> Any:
    metadata = description.version.metadata
    dtype = metadata.get("classes_dtype")
    found = {name: result_of(value, dtype) for name, value in values.items()}
    found = {
        name: as_returned(name, each, metadata) if has_form(name, metadata) else each for name, each in found.items()
    }
    return multioutput.join(method, list(found.values()), list(found))


def _answer_bytes(description: ModelDescription, outputs: Sequence[str]) -> int:
    """What the answer to one row takes, as far as the types tell."""
    kinds = (output.type for output in description.outputs if output.name in outputs)
    return sum(kind.columns * 8 for kind in kinds if kind.layout == "dense")


def _pinned(model: str, version: int) -> str:
    return f"{model.partition('@')[0].partition(':')[0]}@{version}"


def _joined(answers: list[dict[str, Value]], wanted: Sequence[str]) -> dict[str, Value]:
    names = list(wanted) or list(answers[0])
    for answer in answers:
        if answer.keys() != {*names}:
            raise PretzelError(f"outputs {names} were asked, {list(answer)} came; is the server of another version?")
    return {name: join([answer[name] for answer in answers]) for name in names}
