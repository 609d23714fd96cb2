"""The blocking clients; they are thread-safe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pretzel.adapters.convert import typed_columns
from pretzel.adapters.results import result_of
from pretzel.client import prediction
from pretzel.client.connection import Connection
from pretzel.client.session import Session
from pretzel.client.stubs import WorkerStub
from pretzel.plan.model import ModelDescription

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
