"""The blocking clients; they are thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pretzel.adapters.convert import typed_columns
from pretzel.adapters.results import result_of
from pretzel.client import catalog, deployment, overview, prediction, stores
from pretzel.client.connection import Connection
from pretzel.client.golden import SAMPLE_ROWS
from pretzel.client.overview import FailedVerification, Fleet, RelatedModel, Sharing
from pretzel.client.repeating import Repeater
from pretzel.client.session import Session
from pretzel.client.stores import CheckedStore, Collected, Finding, HeldBack
from pretzel.client.stubs import ControlStub, WorkerStub
from pretzel.plan.model import Model, ModelDescription, ModelVersion

T = TypeVar("T")


class Client(Connection):
    """Predictions from data-plane workers.

    A model is ``name`` (its ``stable`` version), ``name@version`` or ``name:alias``.  X is the input of the estimator:
    arrays, lists, documents, DataFrames, sparse matrices, or a list of mappings, one per row.  Each method returns the
    result of the estimator's method.  One client can be shared by many threads.

    Raises, from every call:
        NotFoundError: the model, version, alias or method does not exist.
        InputError: X does not match the model's inputs; the message names column and row.
        UnavailableError: no server answered within a few attempts.
        DeadlineError: the timeout passed.
    """

    stub = WorkerStub

    def __init__(self, address: str = "127.0.0.1:8001", **arguments: Any) -> None:
        """Create a client of workers; the arguments are those of :class:`Connection`."""
        super().__init__(address, **arguments)
        self._session = Session()

    def predict(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the labels or the values that the estimator's ``predict`` returns."""
        return self.score(model, X, "predict", timeout=timeout)

    def predict_proba(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return one probability per class, in the order of the labels of :meth:`describe`."""
        return self.score(model, X, "predict_proba", timeout=timeout)

    def decision_function(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the scores that the estimator's ``decision_function`` returns."""
        return self.score(model, X, "decision_function", timeout=timeout)

    def contributions(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the SHAP value of each feature, then the expected value, in the shape of the model's library."""
        return self.score(model, X, "contributions", timeout=timeout)

    def interactions(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return a matrix per row: SHAP interaction values of pairs of features, and the expected value."""
        return self.score(model, X, "interactions", timeout=timeout)

    def leaf_index(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the leaf that each row reaches in each tree, numbered as by the model's library."""
        return self.score(model, X, "leaf_index", timeout=timeout)

    def transform(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the features that the estimator's ``transform`` returns, sparse if it returns them sparse."""
        return self.score(model, X, "transform", timeout=timeout)

    def inverse_transform(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the labels of codes (``LabelEncoder``) or of scores (``LabelBinarizer``)."""
        return self.score(model, X, "inverse_transform", timeout=timeout)

    def score(self, model: str, X: Any, method: str, *, timeout: float | None = None) -> Any:
        """Return the result of any one ``method`` of the estimator."""
        return self._run(prediction.score(self._session, model, X, method), timeout)

    def predict_many(
        self,
        models: Iterable[str],
        X: Any,
        method: str = "predict_proba",
        *,
        errors: prediction.OnError = "raise",
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Score one input with many models; shared steps are computed once.

        Args:
            models: names; models with the same inputs share one call.
            X: the input, valid for each of the models.
            method: the method of each estimator.
            errors: ``raise`` the first failure of a model, or ``return`` it as that model's result.
            timeout: seconds for the whole call.

        Returns:
            The result of the method by model, in the order of ``models``.
        """
        return self._run(prediction.score_many(self._session, models, X, method, errors), timeout)

    def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return the inputs, types, labels and outputs of a model."""
        return self._run(prediction.describe(self._session, model), timeout)

    def infer(
        self,
        model: str,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Compute the named outputs, or all that are not optional, from columns of exactly the declared types."""
        operation = prediction.infer(self._session, model, typed_columns(columns), outputs or ())
        return {name: result_of(value) for name, value in self._run(operation, timeout)[1].items()}


class ControlPlane(Connection):
    """Deployment: upload missing objects, deploy definitions, move aliases.

    Raises, from every call:
        NotFoundError: the model, version or alias does not exist.
        UnavailableError: no server answered: within two seconds at first contact, or within a minute later.
        DeadlineError: the timeout passed.

    A call whose connection breaks is retried: all calls are safe to retry.
    """

    stub = ControlStub

    def __init__(self, address: str = "127.0.0.1:8101", **arguments: Any) -> None:
        """Create a client of a control plane; the arguments are those of :class:`Connection`."""
        super().__init__(address, **{"channels": 1} | arguments)
        self._repeater = Repeater(self._endpoint)

    def deploy(
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
        progress: deployment.Progress | None = None,
        timeout: float | None = None,
    ) -> ModelVersion:
        """Deploy an estimator or a definition, and return its version.

        Args:
            name: name of the model.
            model: a fitted estimator, or a :class:`~pretzel.plan.definition.Definition`.
            sample: rows in the form that the estimator takes.  The deployment fails unless the plan returns the
                estimator's own answers to them.
            expected: the answers to the sample by method, if ``model`` is a definition.
            tolerance: largest difference: relative, or (relative, absolute); None: the server's strict default.
            alias: alias to point at the new version; "" for none.
            wait: return only after all live workers serve the version.
            options: by name.  ``weights``: storage of the weights of large products, ``exact``, ``f32``, ``f16`` or
                ``sparse``; all but ``exact`` need a sample, and fail if the answers to it differ by more than the
                tolerance.
            sample_rows: largest number of rows to verify.  They are spread over the whole sample and include rows with
                unusual values; the version's metadata record how many of how many rows were verified.
            outputs: the methods to serve; None: all methods of the estimator, and those of ``contributions``,
                ``interactions`` and ``leaf_index`` that add little to the model's memory.
            python: ``isolated`` sends the code of steps that cannot be opened, pickled, as Python stages: workers that
                allow it run them in side processes.  It needs a sample, and cloudpickle.
            metadata: texts, numbers or lists to record with the version, such as an owner; names that Pretzel uses are
                rejected.
            progress: called with (step, done, total); in bytes during the upload.
            timeout: seconds for the whole deployment.

        Raises:
            UnsupportedError: the estimator cannot be served exactly; the message names the step and the option.
            VerificationError: the answers to the sample differ; the message names known causes, if any.

        Warns:
            AnswersMayDifferWarning: without a sample, if answers of a step may differ from the library's.
        """
        request = deployment.Deployment(
            name, model, sample, expected, tolerance, alias, wait, options or {}, outputs, sample_rows, python, metadata
        )
        return self._run(deployment.deploy(self._repeater, request, progress or deployment.silent), timeout)

    def models(self, prefix: str = "", *, timeout: float | None = None) -> list[Model]:
        """Return the models, by name; only those whose names start with ``prefix``."""
        return self._run(catalog.models(self._repeater, prefix), timeout)

    def model(self, name: str, *, timeout: float | None = None) -> Model:
        """Return one model, with its versions and aliases.

        Raises:
            NotFoundError: no model has that name.
        """
        return self._run(catalog.model(self._repeater, name), timeout)

    def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return the inputs and outputs of a version, and the estimator that it was exported from."""
        return self._run(catalog.describe(self._repeater, model), timeout)

    def explain(self, model: str, *, format: str = "text", verbose: bool = False, timeout: float | None = None) -> str:
        """Return the optimized plan of a version, as ``text``, ``json``, ``dot``, ``mermaid`` or ``svg``."""
        return self._run(catalog.explain(self._repeater, model, format, verbose), timeout)

    def alias(self, model: str, alias: str, version: int | None, *, timeout: float | None = None) -> Model:
        """Point an alias at a version, also to roll back; None removes the alias."""
        return self._run(catalog.set_alias(self._repeater, model, alias, version), timeout)

    def delete(self, model: str, *, force: bool = False, timeout: float | None = None) -> None:
        """Delete a model (``name``) or one version (``name@version``); ``force`` if an alias points to it."""
        self._run(catalog.delete(self._repeater, model, force), timeout)

    def collect_garbage(self, *, dry_run: bool = False, timeout: float | None = None) -> Collected:
        """Remove the objects that no version references and no lease holds, or only count them (``dry_run``)."""
        return self._run(stores.collect_garbage(dry_run), timeout)

    def check_store(
        self, heard: Callable[[Finding], None], *, repair: bool = False, timeout: float | None = None
    ) -> CheckedStore:
        """Check the store; ``heard`` is called with each problem and, with ``repair``, with each repair."""
        return self._run(stores.check_store(repair, heard), timeout)

    def held_back(self, prefix: str = "", *, timeout: float | None = None) -> list[HeldBack]:
        """Return the models that live workers do not serve as published, and the reasons."""
        return self._run(stores.held_back(self._repeater, prefix), timeout)

    def page(
        self, prefix: str = "", *, after: str = "", size: int = 100, timeout: float | None = None
    ) -> tuple[list[Model], str]:
        """Return up to ``size`` models by name, and the ``after`` of the next page; empty if this is the last one."""
        return self._run(overview.page(self._repeater, prefix, after, size), timeout)

    def sharing(self, most: int = 50, *, timeout: float | None = None) -> Sharing:
        """Return the bytes that all models share, and the ``most`` objects that save most."""
        return self._run(overview.sharing(self._repeater, most), timeout)

    def related(self, model: str, most: int = 50, *, timeout: float | None = None) -> tuple[list[RelatedModel], int]:
        """Return the ``most`` models that share most with a version, and the number of all that share something."""
        return self._run(overview.related(self._repeater, model, most), timeout)

    def workers(self, *, timeout: float | None = None) -> Fleet:
        """Return the live workers, with their last reports."""
        return self._run(overview.workers(self._repeater), timeout)

    def failures(self, model: str = "", most: int = 50, *, timeout: float | None = None) -> list[FailedVerification]:
        """Return the last deployments that their verification refused, newest first; of all models if none is given."""
        return self._run(overview.failures(self._repeater, model, most), timeout)
