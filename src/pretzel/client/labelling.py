"""Labels, owners and notes, and what they select, as operations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pretzel.client.operations import Operation, UnaryCall
from pretzel.client.repeating import Repeater
from pretzel.client.rolling import terms_to_proto
from pretzel.errors import InputError, PreconditionError
from pretzel.plan import wire
from pretzel.plan.model import Model
from pretzel.plan.terms import ANY, Terms
from pretzel.plan.texts import sendable
from pretzel.v1 import control_pb2 as pb


@dataclass(frozen=True, slots=True)
class Selection:
    """Models by what was written on them; all parts must hold."""

    selector: str = ""
    owner: str = ""
    search: str = ""
    of_versions: bool = False

    def to_proto(self) -> pb.Selection:
        """Return the message."""
        for what in ("selector", "owner", "search"):
            sendable(what, getattr(self, what))
        return pb.Selection(labels=self.selector, owner=self.owner, text=self.search, versions=self.of_versions)


def label(
    repeater: Repeater,
    model: str,
    labels: Mapping[str, str | None],
    owner: str | None,
    note: str | None,
    terms: Terms = ANY,
) -> Operation[Model]:
    """Change the labels, the owner and the note of a model or a version; a value of None removes a label."""
    given = {key: value for key, value in sendable_labels(labels).items() if value is not None}
    removed = [key for key, value in labels.items() if value is None]
    request = pb.SetLabelsRequest(model=sendable("model name", model), set=given, remove=removed)
    request.terms.MergeFrom(terms_to_proto(terms))
    if owner is not None:
        request.owner = sendable("owner", owner)
    if note is not None:
        request.note = sendable("note", note)
    response = yield from repeater.ask(lambda: UnaryCall("SetLabels", request))
    return wire.model_from_proto(response.model)


def sendable_labels(labels: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return labels of texts.

    Raises:
        InputError: a key or a value is not a text, or has no UTF-8 encoding.
    """
    for key, value in labels.items():
        if not isinstance(key, str) or not isinstance(value, str | None):
            raise InputError(f"label {key!r:.60}: expected texts, got {value!r:.60}; write str(value)")
        sendable("label", key)
        sendable(f"label {key!r}", value or "")
    return dict(labels)


def delete_models(
    repeater: Repeater,
    prefix: str,
    selection: Selection,
    dry_run: bool,
    expected: Collection[str],
    override_freeze: bool,
) -> Operation[list[str]]:
    """Delete the selected models, or list them."""
    request = pb.DeleteModelsRequest(
        prefix=sendable("prefix", prefix), selection=selection.to_proto(), dry_run=dry_run, expected=expected
    )
    request.terms.override_freeze = override_freeze

    def attempt(cut_off: bool) -> Operation[list[str]]:
        try:
            response = yield UnaryCall("DeleteModels", request)
        except PreconditionError:
            if not cut_off or (yield from _selected(request)):
                raise
            return sorted(expected)  # the interrupted attempt has deleted them
        return list(response.models)

    return (yield from repeater.repeat(attempt))


def _selected(request: pb.DeleteModelsRequest) -> Operation[list[str]]:
    listing = pb.DeleteModelsRequest(prefix=request.prefix, selection=request.selection, dry_run=True)
    return list((yield UnaryCall("DeleteModels", listing)).models)
