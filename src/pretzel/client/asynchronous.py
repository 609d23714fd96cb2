"""The clients for asyncio; each is bound to the event loop that first uses it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pretzel.adapters.convert import typed_columns
from pretzel.adapters.results import result_of
from pretzel.client import audit, catalog, deployment, labelling, overview, prediction, quota, stores
from pretzel.client.async_connection import AsyncConnection
from pretzel.client.async_placement_calls import AsyncPlacementCalls
from pretzel.client.audit import AuditRecord, Moment
from pretzel.client.channel import Stay
from pretzel.client.golden import SAMPLE_ROWS
from pretzel.client.overview import FailedVerification, Fleet, RelatedModel, Sharing
from pretzel.client.quota import Quota
from pretzel.client.repeating import Repeater
from pretzel.client.session import Session
from pretzel.client.stores import CheckedStore, Collected, Finding, HeldBack
from pretzel.client.stubs import ControlStub, WorkerStub
from pretzel.plan.model import Model, ModelDescription, ModelVersion
from pretzel.plan.terms import ANY, Terms

T = TypeVar("T")


class AsyncClient(AsyncConnection):
    """Predictions from data-plane workers; see :class:`~pretzel.client.blocking.Client`."""

    stub = WorkerStub

    def __init__(self, address: str = "127.0.0.1:8001", **arguments: Any) -> None:
        """Create a client of workers; the arguments are those of :class:`AsyncConnection`."""
        super().__init__(address, **arguments)
        self._session = Session()

    async def predict(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the labels or the values that the estimator's ``predict`` returns."""
        return await self.score(model, X, "predict", timeout=timeout)

    async def predict_proba(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return one probability per class, in the order of the labels of :meth:`describe`."""
        return await self.score(model, X, "predict_proba", timeout=timeout)

    async def decision_function(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the scores that the estimator's ``decision_function`` returns."""
        return await self.score(model, X, "decision_function", timeout=timeout)

    async def contributions(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the SHAP value of each feature, then the expected value, in the shape of the model's library."""
        return await self.score(model, X, "contributions", timeout=timeout)

    async def interactions(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return a matrix per row: SHAP interaction values of pairs of features, and the expected value."""
        return await self.score(model, X, "interactions", timeout=timeout)

    async def leaf_index(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the leaf that each row reaches in each tree, numbered as by the model's library."""
        return await self.score(model, X, "leaf_index", timeout=timeout)

    async def transform(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the features that the estimator's ``transform`` returns, sparse if it returns them sparse."""
        return await self.score(model, X, "transform", timeout=timeout)

    async def inverse_transform(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the labels of codes (``LabelEncoder``) or of scores (``LabelBinarizer``)."""
        return await self.score(model, X, "inverse_transform", timeout=timeout)

    async def score(self, model: str, X: Any, method: str, *, timeout: float | None = None) -> Any:
        """Return the result of any one ``method`` of the estimator."""
        return await self._run(prediction.score(self._session, model, X, method), timeout)

    async def predict_many(
        self,
        models: Iterable[str],
        X: Any,
        method: str = "predict_proba",
        *,
        errors: prediction.OnError = "raise",
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Score one input with many models; see :meth:`pretzel.client.blocking.Client.predict_many`."""
        return await self._run(prediction.score_many(self._session, models, X, method, errors), timeout)

    async def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return the inputs, types, labels and outputs of a model."""
        return await self._run(prediction.describe(self._session, model), timeout)

    async def infer(
        self,
        model: str,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Compute the named outputs, or all, from columns of exactly the declared types."""
        _, values = await self._run(
            prediction.infer(self._session, model, typed_columns(columns), outputs or ()), timeout
        )
        return {name: result_of(value) for name, value in values.items()}


class AsyncControlPlane(AsyncPlacementCalls):
    """Deployment; see :class:`~pretzel.client.planes.ControlPlane`."""

    stub = ControlStub
    turns = Stay

    def __init__(self, address: str = "127.0.0.1:8101", **arguments: Any) -> None:
        """Create a client of a control plane; the arguments are those of :class:`AsyncConnection`."""
        super().__init__(address, **{"channels": 1} | arguments)
        self._repeater = Repeater(self._endpoint)

    async def deploy(
        self,
        name: str,
        model: Any,
        *,
        sample: Any = None,
        expected: Mapping[str, Any] | None = None,
        tolerance: float | tuple[float, float] | None = None,
        alias: str = "stable",
        wait: bool = True,
        options: Mapping[str, Any] | None = None,
        outputs: Sequence[str] | None = None,
        sample_rows: int = SAMPLE_ROWS,
        python: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        note: str = "",
        version_labels: Mapping[str, str] | None = None,
        terms: Terms = ANY,
        progress: deployment.Progress | None = None,
        timeout: float | None = None,
    ) -> ModelVersion:
        """Deploy an estimator or a definition; see :meth:`pretzel.client.planes.ControlPlane.deploy`."""
        request = deployment.Deployment(
            name,
            model,
            sample,
            expected,
            tolerance,
            alias,
            wait,
            options or {},
            outputs,
            sample_rows,
            python,
            metadata,
            labels,
            owner,
            note,
            version_labels,
            terms,
        )
        return await self._run(deployment.deploy(self._repeater, request, progress or deployment.silent), timeout)

    async def models(
        self,
        prefix: str = "",
        *,
        selector: str = "",
        owner: str = "",
        search: str = "",
        of_versions: bool = False,
        timeout: float | None = None,
    ) -> list[Model]:
        """Return the models, by name; see :meth:`pretzel.client.planes.ControlPlane.models`."""
        selection = labelling.Selection(selector, owner, search, of_versions)
        return await self._run(catalog.models(self._repeater, prefix, selection), timeout)

    async def model(self, name: str, *, timeout: float | None = None) -> Model:
        """Return one model, with its versions and aliases.

        Raises:
            NotFoundError: no model has that name.
        """
        return await self._run(catalog.model(self._repeater, name), timeout)

    async def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return the inputs and outputs of a version, and the estimator that it was exported from."""
        return await self._run(catalog.describe(self._repeater, model), timeout)

    async def explain(
        self, model: str, *, format: str = "text", verbose: bool = False, width: int = 0, timeout: float | None = None
    ) -> str:
        """Explain it, as ``summary``, ``text`` (in ``width`` columns), ``json``, ``dot``, ``mermaid`` or ``svg``."""
        return await self._run(catalog.explain(self._repeater, model, format, verbose, width), timeout)

    async def alias(
        self, model: str, alias: str, version: int | None, *, terms: Terms = ANY, timeout: float | None = None
    ) -> Model:
        """Point an alias at a version, also to roll back; None removes the alias."""
        return await self._run(catalog.set_alias(self._repeater, model, alias, version, terms), timeout)

    async def delete(
        self, model: str, *, force: bool = False, terms: Terms = ANY, timeout: float | None = None
    ) -> None:
        """Delete a model (``name``) or one version (``name@version``); ``force`` if an alias points to it."""
        await self._run(catalog.delete(self._repeater, model, force, terms), timeout)

    async def delete_models(
        self,
        prefix: str = "",
        *,
        selector: str = "",
        owner: str = "",
        search: str = "",
        of_versions: bool = False,
        dry_run: bool = False,
        expected: Collection[str] = (),
        override_freeze: bool = False,
        timeout: float | None = None,
    ) -> list[str]:
        """Delete the selected models; see :meth:`pretzel.client.planes.ControlPlane.delete_models`."""
        selection = labelling.Selection(selector, owner, search, of_versions)
        operation = labelling.delete_models(self._repeater, prefix, selection, dry_run, expected, override_freeze)
        return await self._run(operation, timeout)

    async def label(
        self,
        model: str,
        changes: Mapping[str, str | None] | None = None,
        *,
        owner: str | None = None,
        note: str | None = None,
        terms: Terms = ANY,
        timeout: float | None = None,
    ) -> Model:
        """Change what is written on a model; see :meth:`pretzel.client.planes.ControlPlane.label`."""
        return await self._run(labelling.label(self._repeater, model, changes or {}, owner, note, terms), timeout)

    async def collect_garbage(self, *, dry_run: bool = False, timeout: float | None = None) -> Collected:
        """Remove the objects that no version references and no lease holds, or only count them (``dry_run``)."""
        return await self._run(stores.collect_garbage(dry_run), timeout)

    async def check_store(
        self, heard: Callable[[Finding], None], *, repair: bool = False, timeout: float | None = None
    ) -> CheckedStore:
        """Check the store; ``heard`` is called with each problem and, with ``repair``, with each repair."""
        return await self._run(stores.check_store(repair, heard), timeout)

    async def held_back(self, prefix: str = "", *, timeout: float | None = None) -> list[HeldBack]:
        """Return the models that live workers do not serve as published, and the reasons."""
        return await self._run(stores.held_back(self._repeater, prefix), timeout)

    async def page(
        self, prefix: str = "", *, after: str = "", size: int = 100, timeout: float | None = None
    ) -> tuple[list[Model], str]:
        """Return up to ``size`` models by name, and the ``after`` of the next page; empty if this is the last one."""
        return await self._run(overview.page(self._repeater, prefix, after, size), timeout)

    async def sharing(self, most: int = 50, *, timeout: float | None = None) -> Sharing:
        """Return the bytes that all models share, and the ``most`` objects that save most."""
        return await self._run(overview.sharing(self._repeater, most), timeout)

    async def related(
        self, model: str, most: int = 50, *, timeout: float | None = None
    ) -> tuple[list[RelatedModel], int]:
        """Return the ``most`` models that share most with a version, and the number of all that share something."""
        return await self._run(overview.related(self._repeater, model, most), timeout)

    async def workers(self, *, timeout: float | None = None) -> Fleet:
        """Return the live workers, with their last reports."""
        return await self._run(overview.workers(self._repeater), timeout)

    async def failures(
        self, model: str = "", most: int = 50, *, timeout: float | None = None
    ) -> list[FailedVerification]:
        """Return the last deployments that their verification refused, newest first; of all models if none is given."""
        return await self._run(overview.failures(self._repeater, model, most), timeout)

    async def audit(
        self,
        model: str = "",
        *,
        who: str = "",
        method: str = "",
        since: Moment = None,
        until: Moment = None,
        outcome: str = "",
        after: int = 0,
        most: int = 100,
        timeout: float | None = None,
    ) -> list[AuditRecord]:
        """Return the last changes, and refused ones, newest first; see :meth:`ControlPlane.audit`."""
        request = audit.request_of(model, who, method, since, until, outcome, after)
        return await self._run(audit.audit(self._repeater, request, most), timeout)

    async def quota(self, *, timeout: float | None = None) -> list[Quota]:
        """Return limits and use of identities; see :meth:`ControlPlane.quota`."""
        return await self._run(quota.quotas(self._repeater), timeout)
