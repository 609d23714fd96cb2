"""Lists models, those that the caller may know of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pretzel.control_plane.catalog import Catalog
from pretzel.control_plane.catalog.selectors import Selection
from pretzel.control_plane.serve import translate
from pretzel.control_plane.serve.live import Worker, held_back
from pretzel.plan import wire
from pretzel.plan.model import Model
from pretzel.v1 import control_pb2 as pb

MOST_HELD = 10_000
"""Most models held back in a listing."""
PAGE = 1000
"""Most models in a page of a listing."""
Sees = Callable[[str], bool]
"""Returns whether the caller may know of a model."""


def list_models(
    catalog: Catalog, request: pb.ListModelsRequest, workers: Iterable[Worker], sees: Sees
) -> pb.ListModelsResponse:
    """Return the models of a request that its caller may know of."""
    held = [
        pb.HeldBack(model=model, worker=worker, reason=reason)
        for model, worker, reason in held_back(workers, request.prefix, MOST_HELD, sees)
    ]
    selection, following = translate.selection(request.selection), ""
    if request.page_size:
        models, following = _page(catalog, request, selection, sees)
    else:
        models = [model for model in catalog.models(request.prefix, selection) if sees(model.name)]
    return pb.ListModelsResponse(models=map(wire.model_to_proto, models), held=held, next_page_token=following)


def _page(catalog: Catalog, request: pb.ListModelsRequest, selection: Selection, sees: Sees) -> tuple[list[Model], str]:
    """Return a page, and the name of its last model if more may follow: never that of a hidden one."""
    size, found = min(request.page_size, PAGE), list[Model]()
    after, step = request.page_token, size
    while True:
        models, after = catalog.page(request.prefix, after, step, selection)
        step = PAGE  # most may be hidden
        found += [model for model in models if sees(model.name)]
        if not after or len(found) >= size:
            break
    more = bool(after) or len(found) > size
    return found[:size], found[:size][-1].name if more and found else ""
