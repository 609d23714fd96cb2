"""The clients that block; safe to use from many threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pretzel.adapters.convert import typed_columns
from pretzel.adapters.results import result_of
from pretzel.client import deployment, prediction, stores
from pretzel.client.connection import Connection
from pretzel.client.golden import SAMPLE_ROWS
from pretzel.client.repeating import Repeater
from pretzel.client.stores import CheckedStore, Collected, Finding, HeldBack
from pretzel.plan.model import Model, ModelDescription, ModelVersion
from pretzel.v1.control_pb2_grpc import ControlPlaneServiceStub
from pretzel.v1.prediction_pb2_grpc import PredictionServiceStub

T = TypeVar("T")


class Client(Connection):
    """Predictions from data-plane workers.

    A model is ``name`` (its ``stable`` version), ``name@version`` or ``name:alias``.  X is what the estimator takes:
    arrays, lists, documents, DataFrames, sparse matrices; a list of mappings, one a row, does as well.  Each method
    returns what the estimator's method returns.  One client serves many threads.

    Raises, from every call:
        NotFoundError: no model, version, alias or method of that name.
        InputError: X is not what the model takes; the message names column and row.
        UnavailableError: no server answers, after a few attempts.
        DeadlineError: the timeout passed.
    """

    stub = PredictionServiceStub

    def __init__(self, address: str = "127.0.0.1:8001", **arguments: Any) -> None:
        """Prepare to call workers; arguments as those of :class:`Connection`."""
        super().__init__(address, **arguments)
        self._known: prediction.Descriptions = {}

    def predict(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the labels or the values that the estimator's ``predict`` returns."""
        return self.score(model, X, "predict", timeout=timeout)

    def predict_proba(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return one probability a class, in the order of :meth:`describe`'s labels."""
        return self.score(model, X, "predict_proba", timeout=timeout)

    def decision_function(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the scores that the estimator's ``decision_function`` returns."""
        return self.score(model, X, "decision_function", timeout=timeout)

    def contributions(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the SHAP value of each feature, and the expected value last, as the model's library shapes them."""
        return self.score(model, X, "contributions", timeout=timeout)

    def interactions(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return a matrix for each row: SHAP interaction values of pairs of features, and the expected value."""
        return self.score(model, X, "interactions", timeout=timeout)

    def leaf_index(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the leaf that each row reaches in each tree, as the model's library numbers leaves."""
        return self.score(model, X, "leaf_index", timeout=timeout)

    def transform(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the features that the estimator's ``transform`` returns, sparse where it does."""
        return self.score(model, X, "transform", timeout=timeout)

    def inverse_transform(self, model: str, X: Any, *, timeout: float | None = None) -> Any:
        """Return the labels of codes (``LabelEncoder``) or of scores (``LabelBinarizer``)."""
        return self.score(model, X, "inverse_transform", timeout=timeout)

    def score(self, model: str, X: Any, method: str, *, timeout: float | None = None) -> Any:
        """Return what any one ``method`` of the estimator returns."""
        return self._run(prediction.score(self._known, model, X, method), timeout)

    def predict_many(
        self,
        models: Iterable[str],
        X: Any,
        method: str = "predict_proba",
        *,
        errors: prediction.OnError = "raise",
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Score one input with many models; what they share is computed once.

        Args:
            models: names; models that take the same columns go in one call.
            X: the input, as each of the models takes it.
            method: the estimators' method.
            errors: ``raise`` the first failure of a model, or ``return`` it in that model's place.
            timeout: seconds for all of it.

        Returns:
            What the method returns, by model, in the order asked.
        """
        return self._run(prediction.score_many(self._known, models, X, method, errors), timeout)

    def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return what a model takes and gives: inputs, types, labels, outputs."""
        return self._run(prediction.describe(self._known, model), timeout)

    def infer(
        self,
        model: str,
        columns: Mapping[str, Any],
        outputs: Sequence[str] | None = None,
        *,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """Compute outputs, or all that are not optional, over columns that are of exactly the declared types."""
        operation = prediction.infer(model, typed_columns(columns), outputs or ())
        return {name: result_of(value) for name, value in self._run(operation, timeout)[1].items()}


class ControlPlane(Connection):
    """Deployment: uploads what is missing, deploys definitions, moves aliases.

    Raises, from every call:
        NotFoundError: no model, version or alias of that name.
        UnavailableError: no server answers: one that never did, after a few attempts; one that did, after a minute.
        DeadlineError: the timeout passed.

    A call whose connection breaks is repeated: each is safe to repeat.
    """

    stub = ControlPlaneServiceStub

    def __init__(self, address: str = "127.0.0.1:8101", **arguments: Any) -> None:
        """Prepare to call a control plane; arguments as those of :class:`Connection`."""
        super().__init__(address, **{"channels": 1} | arguments)
        self._repeater = Repeater()

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
        progress: deployment.Progress | None = None,
        timeout: float | None = None,
    ) -> ModelVersion:
        """Deploy an estimator or a definition, and return the version it became.

        Args:
            name: of the model.
            model: a fitted estimator, or a :class:`~pretzel.plan.definition.Definition`.
            sample: rows as the estimator takes them.  The plan must give the estimator's own answers on them, or the
                version is refused.
            expected: the answers to the sample by method, where ``model`` is a definition.
            tolerance: how far answers may differ, relative, or (relative, absolute); None: the server's strict default.
            alias: to point at the new version; "" for none.
            wait: return only when all live workers serve it.
            options: by name.  ``weights``: how the weights of large products are held, ``exact``, ``f32``, ``f16`` or
                ``sparse``; anything but exact needs a sample and is refused where the answers to it differ by more than
                the tolerance.
            sample_rows: how many rows of the sample to verify on, at most.  They are spread over the whole sample and
                include rows with unusual values; the version's metadata say how many were verified, of how many.
            outputs: the methods to serve; None: all that the estimator has, and of ``contributions``, ``interactions``
                and ``leaf_index`` those that add little to the model's memory.
            progress: called with (step, done, total); bytes while uploading.
            timeout: seconds for all of it.

        Raises:
            UnsupportedError: the estimator cannot be served exactly; the message names step and option.
            VerificationError: the answers on the sample differ; the message names known causes, if any.

        Warns:
            AnswersMayDifferWarning: there is no sample, and answers of a step may differ from the library's.
        """
        request = deployment.Deployment(
            name, model, sample, expected, tolerance, alias, wait, options or {}, outputs, sample_rows
        )
        return self._run(deployment.deploy(self._repeater, request, progress or deployment.silent), timeout)

    def models(self, prefix: str = "", *, timeout: float | None = None) -> list[Model]:
        """Return the models, by name; only those whose names begin with ``prefix``."""
        return self._run(deployment.models(self._repeater, prefix), timeout)

    def describe(self, model: str, *, timeout: float | None = None) -> ModelDescription:
        """Return what a version takes and gives, and what it was made from."""
        return self._run(deployment.describe(self._repeater, model), timeout)

    def explain(self, model: str, *, format: str = "text", verbose: bool = False, timeout: float | None = None) -> str:
        """Return what the optimizer made of a version, as ``text``, ``json``, ``dot``, ``mermaid`` or ``svg``."""
        return self._run(deployment.explain(self._repeater, model, format, verbose), timeout)

    def alias(self, model: str, alias: str, version: int | None, *, timeout: float | None = None) -> Model:
        """Point an alias at a version, which is also how to roll back; None removes the alias."""
        return self._run(deployment.set_alias(self._repeater, model, alias, version), timeout)

    def delete(self, model: str, *, force: bool = False, timeout: float | None = None) -> None:
        """Delete a model (``name``) or one version (``name@version``); ``force`` if an alias points to it."""
        self._run(deployment.delete(self._repeater, model, force), timeout)

    def collect_garbage(self, *, dry_run: bool = False, timeout: float | None = None) -> Collected:
        """Remove the objects that no version needs and no lease keeps, or count them."""
        return self._run(stores.collect_garbage(dry_run), timeout)

    def check_store(
        self, heard: Callable[[Finding], None], *, repair: bool = False, timeout: float | None = None
    ) -> CheckedStore:
        """Check what is stored; ``heard`` is called with each thing that is wrong or, with ``repair``, was mended."""
        return self._run(stores.check_store(repair, heard), timeout)

    def held_back(self, prefix: str = "", *, timeout: float | None = None) -> list[HeldBack]:
        """Return the models that live workers do not serve as they were published, and why."""
        return self._run(stores.held_back(prefix), timeout)
