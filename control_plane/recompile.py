"""Compiles a published version again, for the kernels of this release."""

from __future__ import annotations

from concurrent.futures import Executor

import structlog

from pretzel.control_plane import samples
from pretzel.control_plane.catalog import Catalog, Release
from pretzel.control_plane.catalog.recompiling import UNCOMPARED, Comparison
from pretzel.control_plane.catalog.work import Task
from pretzel.control_plane.keep import Keeper
from pretzel.control_plane.rebuild import Rebuilder
from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import ObjectStore
from pretzel.control_plane.verify import Sample, Tolerance, Verifier
from pretzel.engine.hops import is_hop
from pretzel.errors import (
    CorruptObjectError,
    NotFoundError,
    PreconditionError,
    PretzelError,
    UnavailableError,
    VerificationError,
    brief,
)
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
        self.compared = 0
        """Versions whose answers were compared."""

    def recompile(self, version: ModelVersion, kernel_set: str, task: Task) -> bool:
        """Compile a version, compare its answers with those of its deployment and publish it; return if that is done.

        A version that cannot be compiled, or whose answers differ, keeps its plan, and the catalog keeps the reason.

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
            compared = self._compare(version, plan)
            holdings = {plan.digest: list(plan.objects), definition.digest: list(definition.parameters)}
            release = Release(plan.digest, definition.digest, plan.parameter_bytes, holdings, kernel_set=kernel_set)

            def check() -> None:
                if missing := self.store.missing([plan.digest, *plan.objects]):
                    raise NotFoundError(f"{len(missing)} objects of its plan were removed meanwhile")

            reached("recompile_before_publish")
            added = self.catalog.recompiling.add(version, kernel_set, release, check, task, compared)
            self.compared += added and compared.rows > 0
            return added

    def _compare(self, version: ModelVersion, plan: Plan) -> Comparison:
        """Load a plan in a child, as a worker would, and compare its answers on the sample that is kept.

        A plan with Python stages is loaded only where they may run.

        Raises:
            VerificationError: an answer differs; the message names the row and both values.
        """
        if any(map(is_hop, plan.stages)) and not self._verifier.python.runs:
            return Comparison(0, "it has Python stages, which do not run here")
        sample, comparison = self._sample(version)
        with self.store.files(plan.objects) as objects:
            try:
                self._verifier.verify(plan, objects, sample, _tolerance(version))
            except VerificationError as error:
                if sample is None:
                    raise
                raise VerificationError(f"its answers differ from those of its deployment: {error}") from error
        return comparison

    def _sample(self, version: ModelVersion) -> tuple[Sample | None, Comparison]:
        """Return the sample of a version, and the comparison that it allows."""
        digest = self.catalog.samples.of(version.model, version.version)
        if digest is None:
            return None, UNCOMPARED
        try:
            sample = samples.read(self.store, digest)
        except (NotFoundError, CorruptObjectError) as error:  # no reason to withhold a model
            _log.warning("a version is not compared", version=str(version), reason=str(error))
            return None, Comparison(0, "its sample is lost")
        return sample, Comparison(len(sample))


def _tolerance(version: ModelVersion) -> Tolerance:
    return Tolerance(**version.metadata.get("tolerance", {}))
