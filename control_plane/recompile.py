"""Compiles a published version again, for the kernels of this release."""

from __future__ import annotations

from concurrent.futures import Executor

import structlog

from pretzel.control_plane.catalog import Catalog, Release
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.keep import Keeper
from pretzel.control_plane.rebuild import Rebuilder
from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import ObjectStore
from pretzel.control_plane.verify import Tolerance, Verifier
from pretzel.engine.hops import is_hop
from pretzel.errors import NotFoundError, PreconditionError, PretzelError, UnavailableError, brief
from pretzel.plan.model import ModelVersion
from pretzel.plan.plan import Plan

_PASSING = {"RESOURCE_EXHAUSTED", "CANCELLED", "DATA_LOSS", "NOT_FOUND"}
"""Codes of errors that are not the version's: it is tried again later."""
_log = structlog.get_logger(part="recompile")


class Recompiler:
    """Compiles versions from the definitions that were kept.  Safe for several threads."""

    def __init__(
        self, store: ObjectStore, catalog: Catalog, rebuilder: Rebuilder, verifier: Verifier, writers: Executor
    ) -> None:
        """Use a store and a catalog; ``writers`` write the objects."""
        self.store, self.catalog = store, catalog
        self._rebuilder, self._verifier, self._writers = rebuilder, verifier, writers

    def recompile(self, version: ModelVersion, kernel_set: str, task: Task) -> bool:
        """Compile a version, load its plan in a verifying child and publish it; return whether that is done.

        A version that cannot be compiled keeps its plan, and the catalog keeps the reason.

        Raises:
            UnavailableError: another control plane has taken over ``task``, or the catalog, the store or the verifier
                cannot be used now.
        """
        name = f"{version.model}@{version.version}"
        try:
            added = self._recompile(version, kernel_set, task)
        except UnavailableError:
            raise
        except Exception as error:  # a defect that one version shows must not keep the others from their plans
            code = error.code if isinstance(error, PretzelError) else "INTERNAL"
            reason = str(error) if isinstance(error, PretzelError) else brief(error)
            _log.error("a version is not recompiled", version=name, kernels=kernel_set, code=code, reason=reason)
            if code not in _PASSING:
                self.catalog.recompiling.fail(version, kernel_set, reason or type(error).__name__, task)
            return False
        _log.debug("a version is recompiled", version=name, kernels=kernel_set, current=added)
        return added

    def _recompile(self, version: ModelVersion, kernel_set: str, task: Task) -> bool:
        with self.catalog.holding() as hold:
            keeper = Keeper(self.store, hold, self._writers)
            definition, compiled = self._rebuilder.compiled(version)
            plan = compiled.plan
            if plan.kernel_set != kernel_set:
                raise PreconditionError(f"it was compiled for kernels {plan.kernel_set}, expected {kernel_set}")
            keeper.keep({**compiled.blobs, plan.digest: plan.encoded})
            self._load(plan)
            holdings = {plan.digest: list(plan.objects), definition.digest: list(definition.parameters)}
            release = Release(plan.digest, definition.digest, plan.parameter_bytes, holdings, kernel_set=kernel_set)

            def check() -> None:
                if missing := self.store.missing([plan.digest, *plan.objects]):
                    raise NotFoundError(f"{len(missing)} objects of its plan were removed meanwhile")

            reached("recompile_before_publish")
            return self.catalog.recompiling.add(version, kernel_set, release, check, task)

    def _load(self, plan: Plan) -> None:
        """Load a plan in a child, as a worker would; a plan with Python stages only where they may run."""
        if any(map(is_hop, plan.stages)) and not self._verifier.python.runs:
            return
        with self.store.files(plan.objects) as objects:
            self._verifier.verify(plan, objects, None, Tolerance())
