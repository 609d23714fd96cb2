"""One deployment, from a definition to a published version; it may be killed anywhere and retried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from pretzel.compiler.compile import Compiled, compile_plan
from pretzel.compiler.optimize import optimize
from pretzel.compiler.optimize.weights import compact
from pretzel.control_plane import samples
from pretzel.control_plane.catalog import Catalog, Marking, Release, names
from pretzel.control_plane.catalog.overview import Overview
from pretzel.control_plane.catalog.quotas import NO_QUOTA, Quota
from pretzel.control_plane.catalog.repeats import check_id
from pretzel.control_plane.causes import naming_causes
from pretzel.control_plane.keep import Keeper
from pretzel.control_plane.options import Options
from pretzel.control_plane.refusals import keeping_refusals
from pretzel.control_plane.statistics import known, named, sizes_of, statistics
from pretzel.control_plane.steps import reached
from pretzel.control_plane.store import ObjectStore, ParameterCache
from pretzel.control_plane.verify import Sample, Tolerance, Verified, Verifier
from pretzel.engine.hops import is_hop
from pretzel.errors import InputError, NotFoundError, PreconditionError, PretzelError, VerificationError
from pretzel.plan.definition import Definition
from pretzel.plan.digest import Digest
from pretzel.plan.model import ModelVersion
from pretzel.plan.ops import PythonStage
from pretzel.plan.parameter import Parameter
from pretzel.plan.sizes import Sizes
from pretzel.plan.terms import ANY, Terms

_MOST_NAMED = 5
_REPEATED = {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "CANCELLED", "DATA_LOSS"}
"""Codes of errors after which a caller retries the same request."""


@dataclass(frozen=True)
class Deployment:
    """Deployment request of a client."""

    model: str
    parameters: Sequence[Digest]
    """The objects that the definition names."""
    build: Callable[[Mapping[Digest, Parameter]], Definition]
    """Builds the definition from the stored parameters."""
    sample: Sample | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)
    alias: str | None = None
    options: Options = field(default_factory=Options)
    client: str = ""
    """The caller, whose leases on the parameters end with the deployment."""
    of_model: Marking = field(default_factory=Marking)
    """Labels and owner to set on the model."""
    of_version: Marking = field(default_factory=Marking)
    """Labels and note to set on the version."""
    terms: Terms = ANY
    """Conditions of the publication."""
    quota: Quota = NO_QUOTA
    """The identity that is charged."""
    id: str = ""
    """The identifier that the client drew; empty for none."""


@dataclass(frozen=True, slots=True)
class Made:
    """A plan, the result of its verification, and the sizes of values that it was compiled for."""

    compiled: Compiled
    verified: Verified
    sizes: Sizes
    sample: Digest | None = None
    """The sample that is kept with the version."""


class Deployer:
    """Compiles, verifies and publishes definitions.  Safe for several threads."""

    def __init__(
        self,
        store: ObjectStore,
        catalog: Catalog,
        verifier: Verifier,
        writers: Executor,
        parameters: ParameterCache | None = None,
        kept: samples.Bounds = samples.NOTHING,
    ) -> None:
        """Use a store and a catalog; ``writers`` write the objects; ``kept`` bounds the samples that are kept."""
        self.store, self.catalog, self.verifier = store, catalog, verifier
        self.overview = Overview(catalog.database)
        self.parameters = parameters or ParameterCache(store)
        self._writers, self._kept = writers, kept

    def deploy(self, request: Deployment, progress: Callable[[str], None]) -> tuple[ModelVersion, int]:
        """Return the version, and the revision of the catalog that shows it; ``progress`` is called with each step.

        Objects stored on the way are held until this ends, so that no collection removes them.

        Raises:
            InputError: a name, an option or the sample is invalid.
            DefinitionError: the definition is invalid.
            PreconditionError: a parameter was never uploaded, or (VerificationError) the outputs differ.
            CorruptObjectError: a stored parameter is damaged.
            ExhaustedError: the disk is full, verification exceeded a limit, or the quota is used.
            UnavailableError: the disk or the machine failed; retry.
        """
        with self._releasing(request), self.catalog.holding() as hold:
            _check(request)
            return self._deploy(request, Keeper(self.store, hold, self._writers), progress)

    @contextmanager
    def _releasing(self, request: Deployment) -> Iterator[None]:
        """End the caller's leases with its deployment, unless the caller is likely to retry it."""
        try:
            yield
        except PretzelError as error:
            if error.code not in _REPEATED:
                self.catalog.release(request.parameters, request.client)
            raise
        self.catalog.release(request.parameters, request.client)

    def _deploy(self, request: Deployment, keeper: Keeper, progress: Callable[[str], None]) -> tuple[ModelVersion, int]:
        definition = self._read(request, keeper)
        unverified = self._unverified(definition, request)
        if unverified:
            request = replace(request, sample=None)
        progress("optimize")
        exact = optimize(definition)
        optimized = compact(exact, request.options.weights, request.tolerance.relative)
        reached("after_optimize")
        refusals = keeping_refusals(self.overview, request.model, definition.metadata)
        with refusals, naming_causes(definition.metadata):
            result = self._make(request, definition, optimized, keeper, progress)
        reached("after_verify")
        progress("publish")
        measured = {**_measured(request, result), **unverified, **_weights(request, exact, result.compiled)}
        published = self._publish(request, definition, result, measured, keeper)
        reached("after_publish")
        return published

    def _read(self, request: Deployment, keeper: Keeper) -> Definition:
        missing = keeper.find_missing(request.parameters)
        if missing:
            raise PreconditionError(f"{_list(missing)} never uploaded; upload them, then deploy again")
        reached("after_objects")
        return request.build(self.parameters.many(request.parameters))

    def _make(
        self,
        request: Deployment,
        definition: Definition,
        optimized: Definition,
        keeper: Keeper,
        progress: Callable[[str], None],
    ) -> Made:
        """Compile and verify; on the first sample of a definition, compile again for its observed sizes."""
        progress("compile")
        sizes = known(self._newest(request.model), definition)
        compiled = compile_plan(optimized, sizes or Sizes())
        reached("after_compile")
        keeper.keep({definition.digest: definition.encoded, **compiled.blobs})
        progress("verify")
        result = Made(compiled, self._verify(request, compiled), sizes or Sizes())
        if sizes is None and request.sample is not None:
            sizes = sizes_of(optimized, compiled, request.sample, result.verified)
            result = self._fit(request, optimized, result, sizes, keeper)
        plan, sample = result.compiled.plan, self._sample(request, result.compiled)
        keeper.keep({plan.digest: plan.encoded, **({Digest.of(sample): sample} if sample else {})})
        return replace(result, sample=Digest.of(sample) if sample else None)

    def _sample(self, request: Deployment, compiled: Compiled) -> bytes | None:
        """Return the object of the sample to keep: as many rows as the bounds allow, if the plan agrees on them alone.

        The tolerance depends on the largest values of a column, which the other rows may have.
        """
        part = samples.part(request.sample, self._kept) if request.sample is not None else None
        if part is None:
            return None
        if part is not request.sample:
            try:
                self._verify(replace(request, sample=part), compiled)
            except VerificationError:
                return None
        return samples.encoded(part)

    def _fit(self, request: Deployment, optimized: Definition, result: Made, sizes: Sizes, keeper: Keeper) -> Made:
        """Compile again for the sizes of the sample; a plan with other kernels is verified again."""
        fitted = compile_plan(optimized, sizes)
        if fitted.plan.stages == result.compiled.plan.stages:
            return Made(fitted, result.verified, sizes)
        keeper.keep(fitted.blobs)
        return Made(fitted, self._verify(request, fitted), sizes)

    def _unverified(self, definition: Definition, request: Deployment) -> dict[str, str]:
        """Return why a version is not verified, if its Python stages do not run here; empty if it can be.

        Raises:
            PreconditionError: models with Python stages are refused.
        """
        steps = sorted({node.path for node in definition.nodes if isinstance(node, PythonStage)})
        if not steps or self.verifier.python.runs:
            return {}
        named = f"step {steps[0]}" + (f" and {len(steps) - 1} more" if len(steps) > 1 else "")
        if self.verifier.python.consent == "refused":
            raise PreconditionError(
                f"{named}: its Python code is refused by this control plane (verify_python_stages=refused); "
                "deploy a model without such steps"
            )
        if request.options.weights != "exact":
            raise InputError(f"option 'weights': needs verification, and {named} is Python code that is not run here")
        return {"unverified": f"{named} is Python code, which this control plane does not run (verify_python_stages)"}

    def _newest(self, model: str) -> ModelVersion | None:
        try:
            return self.catalog.model(model).versions[-1]
        except NotFoundError:
            return None

    def _verify(self, request: Deployment, compiled: Compiled) -> Verified:
        if any(map(is_hop, compiled.plan.stages)) and not self.verifier.python.runs:
            return Verified({}, ())
        with self.store.files(compiled.plan.objects) as objects:
            return self.verifier.verify(compiled.plan, objects, request.sample, request.tolerance)

    def _publish(
        self,
        request: Deployment,
        definition: Definition,
        result: Made,
        measured: Mapping[str, Any],
        keeper: Keeper,
    ) -> tuple[ModelVersion, int]:
        plan = result.compiled.plan
        holdings = {plan.digest: list(plan.objects), definition.digest: list(definition.parameters)}
        holdings |= {result.sample: []} if result.sample else {}
        needed = [*holdings, *plan.objects, *definition.parameters]
        metadata = {**definition.metadata, **measured}
        marked = (request.of_model, request.of_version, plan.kernel_set, result.sample, request.quota, request.id)
        release = Release(plan.digest, definition.digest, plan.parameter_bytes, holdings, metadata, *marked)

        # Check that the files on disk are still those that were read, compiled and verified.
        keeper.keep({definition.digest: definition.encoded, plan.digest: plan.encoded})
        for digest in needed:
            self.store.check(digest)

        def check() -> None:
            if missing := self.store.missing(needed):
                raise PreconditionError(f"{_list(missing)} removed by a collection meanwhile; deploy again")

        return self.catalog.publish(request.model, release, request.alias, check, request.terms)


def _check(request: Deployment) -> None:
    names.check_model(request.model)
    check_id(request.id)
    if request.alias:
        names.check_alias(request.alias)
    request.of_model.check()
    request.of_version.check()
    if request.options.weights != "exact" and request.sample is None:
        raise InputError(f"option 'weights': {request.options.weights} needs a sample; send one")


def _measured(request: Deployment, result: Made) -> dict[str, Any]:
    observed = statistics(result.compiled, result.sizes, request.sample, result.verified)
    observed |= named(result.compiled)
    if request.sample is None:
        return {"verified": False, **observed}
    tolerance = {"relative": request.tolerance.relative, "absolute": request.tolerance.absolute}
    rows, total = len(request.sample), max(len(request.sample), request.sample.total_rows)
    return {
        "verified": True,
        "verification": {"rows": rows, "of": total, "ties": result.verified.ties},
        "tolerance": tolerance,
        "measured_error": dict(result.verified.worst),
        **observed,
    }


def _weights(request: Deployment, exact: Definition, compiled: Compiled) -> dict[str, Any]:
    """Return the bytes saved by inexact weights; their cost is in the measured error."""
    if request.options.weights == "exact":
        return {}
    before = compile_plan(exact).plan.parameter_bytes
    return {"weights": {"form": request.options.weights, "exact_bytes": before, "bytes": compiled.plan.parameter_bytes}}


def _list(digests: Sequence[Digest]) -> str:
    shown = ", ".join(map(str, digests[:_MOST_NAMED]))
    more = f" and {len(digests) - _MOST_NAMED} more" if len(digests) > _MOST_NAMED else ""
    return f"{len(digests)} objects are missing: {shown}{more}; they were"
