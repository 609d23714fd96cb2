"""A CatBoost model read from a file of either format: its parts, its columns and its classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from pretzel.errors import InputError
from pretzel.importers.catboost.structure import (
    MAX_DIMENSION,
    CatFeature,
    CtrFeature,
    CtrTable,
    FloatFeature,
    OneHotFeature,
    TableKey,
    Trees,
    require,
)
from pretzel.importers.native import NativeModel

MULTICLASS = ("MultiClass", "MultiClassOneVsAll")
MULTILABEL = ("MultiLogloss", "MultiCrossEntropy")
CLASSIFICATION = ("Logloss", "CrossEntropy", "Focal", *MULTICLASS, *MULTILABEL)
LABEL_TYPES = {"Integer": np.int64, "Float": np.float64, "Boolean": np.bool_, "String": np.object_}


@dataclass(frozen=True)
class Model(NativeModel):
    """The content of a file; ``predict`` and similar methods call CatBoost itself, which must be installed."""

    stands_for = "catboost.CatBoost"
    _file, _distribution = "a CatBoost file", "catboost"

    floats: tuple[FloatFeature, ...]
    categories: tuple[CatFeature, ...]
    one_hots: tuple[OneHotFeature, ...]
    ctrs: tuple[CtrFeature, ...]
    tables: dict[TableKey, CtrTable]
    trees: Trees
    scale: float
    bias: tuple[float, ...]
    info: dict[str, Any]
    """Information about the training: ``params``, ``class_params``, ..."""
    estimated: str = ""
    """The option behind features that no table describes: ``text_features``, ``embedding_features``."""
    others: dict[int, str] = field(default_factory=dict)
    """Column and name of features of other kinds, which no tree reads."""
    leaf_weights: np.ndarray | None = None
    """``f64[leaves]``: the weight of the training rows in each leaf; None if it was not recorded."""
    file: tuple[bytes, str] = (b"", "cbm")
    """The bytes that the model was read from, and their format."""

    def __post_init__(self) -> None:
        """Check that splits, columns and tables refer to existing parts."""
        require(len(self.bias) in (1, self.trees.dimension), f"{len(self.bias)} biases")
        splits = self.trees.splits
        if len(splits) and not self.estimated:
            count = sum(feature.splits for feature in self.features)
            require(0 <= splits.min() <= splits.max() < max(1, count), "a split is missing")
        for one_hot in self.one_hots:
            require(len(np.unique(one_hot.values)) == one_hot.splits, "a category is compared with a value twice")
        require(bool(self.columns), "it reads no columns")
        for taken in (
            [feature.flat for feature in self.columns],
            [feature.index for feature in self.floats],
            [feature.index for feature in self.categories],
        ):
            require(len({*taken}) == len(taken) and min(taken, default=0) >= 0, "two features have one number")
        for ctr in self.ctrs:
            require(ctr.table in self.tables, f"the table of a {ctr.table[1]} is missing")

    @cached_property
    def features(self) -> list[FloatFeature | OneHotFeature | CtrFeature]:
        """The features that splits compare, in the order in which splits are numbered."""
        return [*self.floats, *self.one_hots, *self.ctrs]

    @property
    def columns(self) -> list[FloatFeature | CatFeature]:
        """The features that are columns of X."""
        return [*self.floats, *self.categories]

    @property
    def names(self) -> list[str]:
        """The name of each column of X; its number if it has no name."""
        by_column = {feature.flat: feature.name for feature in self.columns} | self.others
        width = max(by_column, default=-1) + 1
        require(width <= 2 * len(by_column) + 64, "the columns of the features do not make a matrix")
        return [by_column.get(column, "") or str(column) for column in range(width)]

    @property
    def _names(self) -> list[str] | None:
        """The names; None if they are numbers and the columns make a matrix."""
        generated = self.names == [str(column) for column in range(len(self.names))]
        return None if generated and not self.categories else self.names

    @property
    def n_features_in_(self) -> int:
        """Number of columns per row."""
        return len(self.names)

    @property
    def loss(self) -> str:
        """Name of the loss function; empty if it is not recorded."""
        loss = _entry(_entry(self.info, "params"), "loss_function").get("type", "")
        return loss if isinstance(loss, str) else ""

    @property
    def is_monotone(self) -> bool:
        """True if it was trained with monotone constraints."""
        return bool(_entry(_entry(self.info, "params"), "tree_learner_options").get("monotone_constraints"))

    @property
    def classes_(self) -> np.ndarray | None:
        """The labels, in the type that CatBoost returns; None if the model is not a classifier."""
        about = self.about_classes
        if not about and self.loss not in CLASSIFICATION:
            return None
        names = about.get("class_names")
        if not names:
            return np.array(self._numbered(about), np.int64)
        kind = about.get("class_label_type")
        require(kind != "String" or all(isinstance(name, str) for name in names), f"its labels are {names!r:.60}")
        try:
            return np.array(names, LABEL_TYPES[str(kind)])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise InputError(f"its labels are {names!r:.60} of type {kind!r:.20}") from None

    @staticmethod
    def _numbered(about: dict[str, Any]) -> list[int]:
        """Return the labels of classes without names: numbers from 0, or those in the training data."""
        count, labels = about.get("classes_count") or 0, about.get("class_to_label") or [0, 1]
        whole = isinstance(count, int) and 0 <= count <= MAX_DIMENSION and all(isinstance(one, int) for one in labels)
        require(whole, f"its classes are {count!r:.20}: {labels!r:.60}")
        return list(range(count)) if count else list(labels)

    @property
    def about_classes(self) -> dict[str, Any]:
        """Information about the classes: ``class_names``, ``class_label_type``, ``class_to_label``."""
        return _entry(self.info, "class_params")

    @property
    def written_by(self) -> str:
        """The library that wrote the model, for the metadata of a version."""
        return "catboost"

    @cached_property
    def _estimator(self) -> Any:
        library, (data, kind) = self._library, self.file
        with TemporaryDirectory() as directory:
            path = Path(directory) / "model"
            path.write_bytes(data)
            estimator = library.CatBoostRegressor() if self.classes_ is None else library.CatBoostClassifier()
            return estimator.load_model(path, format=kind)

    def predict(self, X: Any) -> Any:
        """Return the predictions of the estimator that CatBoost loads from the file.

        Raises:
            UnsupportedError: CatBoost is not installed.
        """
        return self._estimator.predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Return its probabilities; raise as :meth:`predict` does."""
        return self._estimator.predict_proba(X)

    def predict_log_proba(self, X: Any) -> Any:
        """Return their logarithms; raise as :meth:`predict` does."""
        return self._estimator.predict_log_proba(X)

    def contributions(self, X: Any) -> Any:
        """Return CatBoost's own SHAP values; raise as :meth:`predict` does."""
        return shap_values(self._estimator, X)

    def calc_leaf_indexes(self, X: Any) -> Any:
        """Return the leaf of each row in each tree; raise as :meth:`predict` does."""
        return self._estimator.calc_leaf_indexes(X)


def shap_values(estimator: Any, X: Any) -> Any:
    """Return CatBoost's own SHAP values."""
    from catboost import Pool  # the estimator is CatBoost's, so the library is installed

    pool = Pool(X, cat_features=estimator.get_cat_feature_indices(), feature_names=_names_of(estimator, X))
    return estimator.get_feature_importance(pool, type="ShapValues")


def _names_of(estimator: Any, X: Any) -> Any:
    return None if hasattr(X, "columns") else estimator.feature_names_


def _entry(of: dict[str, Any], name: str) -> dict[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}
