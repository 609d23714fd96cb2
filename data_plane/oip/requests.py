"""The parts of a request: its tensors, from wherever their bytes are, and its outputs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pretzel.data_plane.oip.faults import quoted, wrong
from pretzel.data_plane.oip.outputs import Requested
from pretzel.data_plane.oip.parameters import integer, placement_of
from pretzel.data_plane.oip.shared_memory import Regions
from pretzel.data_plane.oip.signature import Signature
from pretzel.data_plane.oip.tensors import Tensor, read_raw, read_typed
from pretzel.inference import service_pb2 as pb


def tensors_of(request: pb.ModelInferRequest, signature: Signature, regions: Regions) -> dict[str, Tensor]:
    """Return the inputs of a request by name.

    Raises:
        InputError: one is given twice or not in full, or there are none.
        NotFoundError: one is in a region that is not registered.
    """
    model = signature.model
    tensors: dict[str, Tensor] = {}
    for message, raw in _contents(request, model, regions):
        if message.name in tensors:
            raise wrong(message.name, f"input {quoted(message.name)} for model {quoted(model)}: given twice")
        tensors[message.name] = read_typed(message, model) if raw is None else read_raw(message, raw, model)
    if not tensors:
        raise wrong("inputs", f"expected {len(signature.inputs)} inputs but got 0 inputs for model {quoted(model)}")
    return tensors


def requested_of(outputs: Iterable[Any], signature: Signature, regions: Regions) -> dict[str, Requested]:
    """Return the requested outputs by name.

    Raises:
        InputError: the model has no output of a name, or one is requested twice.
        NotFoundError: one belongs into a region that is not registered.
    """
    requested: dict[str, Requested] = {}
    for output in outputs:
        name = output.name
        if name not in signature.outputs:
            problem = f"unexpected inference output {quoted(name)} for model {quoted(signature.model)}"
            raise wrong(name, f"{problem}; it has {', '.join(map(quoted, list(signature.outputs)[:20]))}")
        if name in requested:
            raise wrong(name, f"output {quoted(name)} for model {quoted(signature.model)}: requested twice")
        place = placement_of(output.parameters, name)
        region = regions.of(place.region) if place else None
        requested[name] = Requested(name, integer(output.parameters, "classification") or 0, place, region)
    return requested


def _contents(request: pb.ModelInferRequest, model: str, regions: Regions) -> list[tuple[Any, bytes | None]]:
    """Return each input with its bytes, or with None if its contents are typed."""
    places = [placement_of(message.parameters, message.name) for message in request.inputs]
    raw = list(request.raw_input_contents)
    count = sum(place is None for place in places)
    if raw and len(raw) != count:
        problem = f"expected {count} raw input contents for model {quoted(model)}, got {len(raw)}"
        raise wrong("raw_input_contents", f"{problem}: one for each input outside shared memory")
    entries = iter(raw)
    contents: list[tuple[Any, bytes | None]] = []
    for message, place in zip(request.inputs, places, strict=True):
        if (raw or place) and message.HasField("contents"):
            problem = f"contents field must not be specified for input {quoted(message.name)}"
            raise wrong(message.name, f"{problem} for model {quoted(model)}: its bytes are raw or in shared memory")
        data = regions.of(place.region).read(place) if place else next(entries) if raw else None
        contents.append((message, data))
    return contents
