"""Kernels over copies of parameters, which no other plan shares: for measurements."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pretzel.engine.catalog import Fetch, StageCatalog, build
from pretzel.plan.digest import Digest
from pretzel.plan.parameter import Parameter
from pretzel.plan.plan import Stage
from pretzel.plan.types import ValueType


class PrivateCatalog(StageCatalog):
    """Builds the kernels of one load; one whose parameters are all common comes from the catalog of the process."""

    def __init__(self, shared: StageCatalog, common: Collection[Digest] = ()) -> None:
        """Copy all parameters but the ``common`` ones."""
        super().__init__(shared.stages)
        self._shared, self._common = shared, frozenset(common)
        self._copies: dict[Digest, Parameter] = {}

    def kernel(self, stage: Stage, inputs: tuple[ValueType, ...], fetch: Fetch) -> Any:
        """Return a kernel as :meth:`StageCatalog.kernel` does, with parameters of its own."""
        if self._common.issuperset(stage.parameters.values()):
            return self._shared.kernel(stage, inputs, fetch)
        return build(stage, inputs, {name: self._parameter(d, fetch) for name, d in stage.parameters.items()})

    def _parameter(self, digest: Digest, fetch: Fetch) -> Parameter:
        if digest in self._common:
            return Parameter(fetch(digest), digest)
        if digest not in self._copies:
            self._copies[digest] = Parameter.apart(bytes(memoryview(fetch(digest))), digest)
        return self._copies[digest]
