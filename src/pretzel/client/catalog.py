"""The calls of a control plane about models that are deployed, as operations."""

from __future__ import annotations

from pretzel.client.labelling import Selection
from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import terms_to_proto
from pretzel.errors import InputError, NotFoundError
from pretzel.plan import wire
from pretzel.plan.model import Model, ModelDescription
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.texts import sendable
from pretzel.v1 import control_pb2 as pb

MODELS_A_PAGE = 500


def models(repeater: Repeater, prefix: str, selection: Selection) -> Operation[list[Model]]:
    """List the selected models whose names start with ``prefix``, page by page."""
    listed: list[Model] = []
    request = pb.ListModelsRequest(
        prefix=sendable("prefix", prefix), page_size=MODELS_A_PAGE, selection=selection.to_proto()
    )
    while True:
        response = yield from repeater.ask(lambda: UnaryCall("ListModels", request))
        listed += map(wire.model_from_proto, response.models)
        if not response.next_page_token:
            return listed
        request.page_token = response.next_page_token


def model(repeater: Repeater, name: str) -> Operation[Model]:
    """Return one model.

    Raises:
        NotFoundError: no model has that name.
    """
    return (yield from repeater.repeat(lambda cut_off: _listed(sendable("model name", name))))


def _listed(name: str) -> Operation[Model]:
    # The name itself comes first among those that begin with it.
    response = yield UnaryCall("ListModels", pb.ListModelsRequest(prefix=name, page_size=1))
    for listed in response.models:
        if listed.name == name:
            return wire.model_from_proto(listed)
    raise NotFoundError(f"model {name!r} is not deployed")


def describe(repeater: Repeater, model: str) -> Operation[ModelDescription]:
    """Describe one version."""
    request = pb.DescribeVersionRequest(model=sendable("model name", model))
    response = yield from repeater.ask(lambda: UnaryCall("DescribeVersion", request))
    return wire.description_from_proto(response.description)


def explain(repeater: Repeater, model: str, format: str, verbose: bool, width: int = 0) -> Operation[str]:
    """Render the optimized plan of one version."""
    sendable("model name", model)
    sendable("format", format)
    request = pb.ExplainModelRequest(model=model, format=format, verbose=verbose, width=width)
    response = yield from repeater.ask(lambda: UnaryCall("ExplainModel", request))
    return str(response.text)


def set_alias(repeater: Repeater, model: str, alias: str, version: int | None, terms: Terms = ANY) -> Operation[Model]:
    """Point an alias at a version; None removes it.

    Raises:
        InputError: the version is less than 1.
    """
    if version is not None and version < 1:
        raise InputError(f"alias {alias!r}: expected a version from 1, or None to remove it; got {version}")
    sendable("model name", model)
    sendable("alias", alias)
    request = pb.SetAliasRequest(model=model, alias=alias, version=version or 0, terms=terms_to_proto(terms))

    def attempt(cut_off: bool) -> Operation[Model]:
        try:
            response = yield UnaryCall("SetAlias", request)
        except NotFoundError:
            # An interrupted removal may have taken effect; the alias is gone then.
            if not cut_off or version:
                raise
            current = yield from _listed(model)
            if alias in current.aliases:
                raise
            return current
        return wire.model_from_proto(response.model)

    return (yield from repeater.repeat(attempt))


def delete(repeater: Repeater, model: str, force: bool, terms: Terms = ANY) -> Operation[None]:
    """Delete a model or one version of it."""
    request = pb.DeleteModelRequest(model=sendable("model name", model), force=force, terms=terms_to_proto(terms))

    def attempt(cut_off: bool) -> Operation[None]:
        try:
            yield UnaryCall("DeleteModel", request)
        except NotFoundError:
            if not cut_off:  # otherwise the interrupted attempt has deleted it
                raise

    yield from repeater.repeat(attempt)
