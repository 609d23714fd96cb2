"""One deployment, from a definition to a published version; it may be killed anywhere and begun again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pretzel.control_plane.catalog import Catalog, Release, names
from pretzel.control_plane.causes import naming_causes
from pretzel.control_plane.compile import Compiled, compile_plan
from pretzel.control_plane.failpoints import failpoint
from pretzel.control_plane.optimize import optimize
from pretzel.control_plane.optimize.weights import compact
from pretzel.control_plane.options import Options
from pretzel.control_plane.statistics import known, sizes_of, statistics
from pretzel.control_plane.store import ObjectStore, ParameterCache
from pretzel.control_plane.store.interface import Buffer
from pretzel.control_plane.verify import Sample, Tolerance, Verified, Verifier
from pretzel.errors import CorruptObjectError, InputError, NotFoundError, PreconditionError
from pretzel.plan.definition import Definition, from_tree, parameter_digests
from pretzel.plan.digest import Digest
from pretzel.plan.encoding import decode
from pretzel.plan.model import ModelVersion
from pretzel.plan.parameter import Parameter
from pretzel.plan.sizes import Sizes

_MOST_NAMED = 5
_MOST_TRUSTED = 100_000


@dataclass(frozen=True)
class Deployment:
    """What a client asks for."""

    model: str
    parameters: Sequence[Digest]
    """The objects that the definition names."""
    build: Callable[[Mapping[Digest, Parameter]], Definition]
    """Makes the definition once those are there."""
    sample: Sample | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)
    alias: str | None = None
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Made:
    """A plan, what its verification showed, and the sizes of values that it was compiled for."""

    compiled: Compiled
    verified: Verified
    sizes: Sizes


class Deployer:
    """Turns definitions into published versions.  Safe for several threads."""

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        verifier: Verifier,
        writers: Executor,
        lease_seconds: float = 3600.0,
    ) -> None:
        """Work over a store and a catalog; objects are written by ``writers``."""
        self.store, self.catalog, self.verifier = store, catalog, verifier
        self.parameters = ParameterCache(store)
        self.lease_seconds = lease_seconds
        self._trusted: set[Digest] = set()
        self._writers = writers

    def deploy(self, asked: Deployment, progress: Callable[[str], None]) -> tuple[ModelVersion, int]:
        """Return the version, and the revision of the catalog that shows it; ``progress`` hears of each step.

        What is stored on the way is leased first, so it is collected later if this never ends.

        Raises:
            InputError: a name, an option or the sample is wrong.
            DefinitionError: the definition is illegal.
            PreconditionError: a parameter was never uploaded, or (VerificationError) the answers differ.
            CorruptObjectError: a stored parameter is damaged.
            ExhaustedError: the disk is full, or verification passed a limit.
        """
        _check(asked)
        definition = self._read(asked)
        progress("optimize")
        exact = optimize(definition)
        optimized = compact(exact, asked.options.weights, asked.tolerance.relative)
        failpoint("after_optimize")
        with naming_causes(definition.metadata):
            made = self._make(asked, definition, optimized, progress)
        failpoint("after_verify")
        progress("publish")
        measured = {**_measured(asked, made), **_weights(asked, exact, made.compiled)}
        published = self._publish(asked, definition, made.compiled, measured)
        failpoint("after_publish")
        return published

    def read(self, version: ModelVersion) -> Definition:
        """Return the definition of a version, as it was deployed."""
        tree = decode(self.store.get(version.definition))
        return from_tree(tree, self.parameters.many(parameter_digests(tree)))

    def _read(self, asked: Deployment) -> Definition:
        self.catalog.lease(asked.parameters, self.lease_seconds)
        missing = self.store.missing(asked.parameters)
        if missing:
            raise PreconditionError(f"{_list(missing)} never uploaded; upload, then deploy again")
        failpoint("after_objects")
        return asked.build(self.parameters.many(asked.parameters))

    def _make(
        self, asked: Deployment, definition: Definition, optimized: Definition, progress: Callable[[str], None]
    ) -> Made:
        """Compile and verify; then, where the sample is the definition's first, compile for the sizes it showed."""
        progress("compile")
        sizes = known(self._newest(asked.model), definition)
        compiled = compile_plan(optimized, sizes or Sizes())
        failpoint("after_compile")
        self._keep({definition.digest: definition.encoded, **compiled.blobs})
        progress("verify")
        made = Made(compiled, self._verify(asked, compiled), sizes or Sizes())
        if sizes is None and asked.sample is not None:
            made = self._fit(asked, optimized, made, sizes_of(optimized, compiled, asked.sample, made.verified))
        self._keep({made.compiled.plan.digest: made.compiled.plan.encoded})
        return made

    def _fit(self, asked: Deployment, optimized: Definition, made: Made, sizes: Sizes) -> Made:
        """Compile once more, for the sizes that the sample showed; other kernels than before are verified in turn."""
        fitted = compile_plan(optimized, sizes)
        if fitted.plan.stages == made.compiled.plan.stages:
            return Made(fitted, made.verified, sizes)
        self._keep(fitted.blobs)
        return Made(fitted, self._verify(asked, fitted), sizes)

    def _newest(self, model: str) -> ModelVersion | None:
        try:
            return self.catalog.model(model).versions[-1]
        except NotFoundError:
            return None

    def _keep(self, objects: Mapping[Digest, Buffer]) -> None:
        """Store objects of a version: blobs, definition, plan."""
        self.catalog.lease(objects, self.lease_seconds)
        # Side by side, since files that are flushed at the same time share a flush of the disk.
        for _ in self._writers.map(self._put, objects.keys(), objects.values()):
            failpoint("after_first_blob")
        failpoint("after_blobs")

    def _put(self, digest: Digest, data: Buffer) -> None:
        """Store an object unless it is there; one that is there is checked once in the life of this process."""
        if not self.store.put(digest, data) and digest not in self._trusted:
            try:
                self.store.get(digest)
            except CorruptObjectError:
                self.store.put(digest, data)
        if len(self._trusted) >= _MOST_TRUSTED:
            self._trusted.clear()
        self._trusted.add(digest)

    def _verify(self, asked: Deployment, compiled: Compiled) -> Verified:
        objects: dict[Digest, Path | bytes] = {}
        for digest in compiled.plan.objects:
            path = self.store.path(digest)
            objects[digest] = path if path is not None else bytes(self.store.get(digest))
        return self.verifier.verify(compiled.plan, objects, asked.sample, asked.tolerance)

    def _publish(
        self, asked: Deployment, definition: Definition, compiled: Compiled, measured: Mapping[str, Any]
    ) -> tuple[ModelVersion, int]:
        plan = compiled.plan
        holdings = {plan.digest: list(plan.objects), definition.digest: list(definition.parameters)}
        needed = [*holdings, *plan.objects, *definition.parameters]
        metadata = {**definition.metadata, **measured}
        release = Release(plan.digest, definition.digest, plan.parameter_bytes, holdings, metadata)

        def check() -> None:
            # Leases end; this is where nothing can be collected any more.
            if missing := self.store.missing(needed):
                raise PreconditionError(f"{_list(missing)} collected meanwhile; deploy again")

        return self.catalog.publish(asked.model, release, asked.alias, check)


def _check(asked: Deployment) -> None:
    names.check_model(asked.model)
    if asked.alias:
        names.check_alias(asked.alias)
    if asked.options.weights != "exact" and asked.sample is None:
        raise InputError(f"option 'weights': {asked.options.weights} is accepted on a sample only; give one")


def _measured(asked: Deployment, made: Made) -> dict[str, Any]:
    kept = statistics(made.compiled, made.sizes, asked.sample, made.verified)
    if asked.sample is None:
        return {"verified": False, **kept}
    tolerance = {"relative": asked.tolerance.relative, "absolute": asked.tolerance.absolute}
    rows, total = len(asked.sample), max(len(asked.sample), asked.sample.total_rows)
    return {
        "verified": True,
        "verification": {"rows": rows, "of": total, "ties": made.verified.ties},
        "tolerance": tolerance,
        "measured_error": dict(made.verified.worst),
        **kept,
    }


def _weights(asked: Deployment, exact: Definition, compiled: Compiled) -> dict[str, Any]:
    """Say what other weights than exact ones saved; what they cost stands in the measured error."""
    if asked.options.weights == "exact":
        return {}
    before = compile_plan(exact).plan.parameter_bytes
    return {"weights": {"form": asked.options.weights, "exact_bytes": before, "bytes": compiled.plan.parameter_bytes}}


def _list(digests: Sequence[Digest]) -> str:
    shown = ", ".join(map(str, digests[:_MOST_NAMED]))
    more = f" and {len(digests) - _MOST_NAMED} more" if len(digests) > _MOST_NAMED else ""
    return f"{len(digests)} objects are missing: {shown}{more}; they were"
