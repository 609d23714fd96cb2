"""Base classes of models that are read from a library's own files, without the library."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from pretzel.errors import UnsupportedError


class NativeModel:
    """A model read from a library's file; methods that predict call the library itself, which must be installed.

    Names that are not scikit-learn's begin with an underscore: a subclass may add methods of any name.
    """

    stands_for: ClassVar[str]
    """The class of the library that the model represents, for messages and metadata."""
    _file: ClassVar[str]
    """The file in messages: ``a LightGBM file``."""
    _distribution: ClassVar[str]
    """The package that installs the library."""

    @property
    def _names(self) -> Sequence[str] | None:
        """The names of the features; None if they have no names."""
        raise NotImplementedError

    @property
    def feature_names_in_(self) -> np.ndarray | None:
        """The names of the features as an array, as in scikit-learn; None if they have no names."""
        return None if self._names is None else np.array(self._names, object)

    @property
    def _library(self) -> ModuleType:
        """The library.

        Raises:
            UnsupportedError: it is not installed.
        """
        name = self.stands_for.partition(".")[0]
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            raise UnsupportedError(
                f"{self._file}: checking it on a sample needs {name} itself; pip install {self._distribution}"
            ) from None


class BoosterModel(NativeModel):
    """A native model that predicts with a ``Booster`` of its library."""

    def _predict(self, X: Any, **options: Any) -> Any:
        """Return the result of ``Booster.predict`` with these options."""
        raise NotImplementedError

    @property
    def _categorical_columns(self) -> Collection[int]:
        """The columns of the training table that held categories."""
        raise NotImplementedError

    def predict(self, X: Any) -> Any:
        """Return the library's own predictions.

        Raises:
            UnsupportedError: the library is not installed.
        """
        return self.ask(X)

    def ask(self, X: Any, **options: Any) -> Any:
        """Return the result of ``Booster.predict`` with these options.

        Columns of a table that were categories in training are converted to categories.

        Raises:
            UnsupportedError: the library is not installed.
        """
        return self._predict(self._with_categories(X), **options)

    def _with_categories(self, X: Any) -> Any:
        if not self._categorical_columns or not hasattr(X, "iloc"):
            return X
        names = [X.columns[i] for i in self._categorical_columns]
        return X.astype({name: "category" for name in names if not hasattr(X[name].dtype, "categories")})
