"""A CatBoost model as a file holds it, whatever the format: its parts, and what they say of columns and classes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np

from pretzel.errors import InputError, UnsupportedError
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

MULTICLASS = ("MultiClass", "MultiClassOneVsAll")
MULTILABEL = ("MultiLogloss", "MultiCrossEntropy")
CLASSIFICATION = ("Logloss", "CrossEntropy", "Focal", *MULTICLASS, *MULTILABEL)
LABEL_TYPES = {"Integer": np.int64, "Float": np.float64, "Boolean": np.bool_, "String": np.object_}


@dataclass(frozen=True)
class Model:
    """What a file holds; ``predict`` and its like answer by CatBoost itself, where it is installed."""

    stands_for: ClassVar = "catboost.CatBoost"

    floats: tuple[FloatFeature, ...]
    categories: tuple[CatFeature, ...]
    one_hots: tuple[OneHotFeature, ...]
    ctrs: tuple[CtrFeature, ...]
    tables: dict[TableKey, CtrTable]
    trees: Trees
    scale: float
    bias: tuple[float, ...]
    info: dict[str, Any]
    """What was recorded about the training: ``params``, ``class_params``, ..."""
    estimated: str = ""
    """The option that gave the model features which no tables describe: ``text_features``, ``embedding_features``."""
    others: dict[int, str] = field(default_factory=dict)
    """Column and name of the features of other kinds, which no tree reads."""
    leaf_weights: np.ndarray | None = None
    """``f64[leaves]``: the weight of the training rows in each leaf, where it was recorded."""
    file: tuple[bytes, str] = (b"", "cbm")
    """The bytes that it was read from, and their format."""

    def __post_init__(self) -> None:
        """Refuse what leads out of the features."""
        require(len(self.bias) in (1, self.trees.dimension), f"{len(self.bias)} biases")
        splits = self.trees.splits
        if len(splits) and not self.estimated:
            count = sum(feature.splits for feature in self.features)
            require(0 <= splits.min() <= splits.max() < max(1, count), "a split is not there")
        for one_hot in self.one_hots:
            require(len(np.unique(one_hot.values)) == one_hot.splits, "a single value stands twice")
        require(bool(self.columns), "it reads no columns")
        for taken in (
            [feature.flat for feature in self.columns],
            [feature.index for feature in self.floats],
            [feature.index for feature in self.categories],
        ):
            require(len({*taken}) == len(taken) and min(taken, default=0) >= 0, "two features have one number")
        for ctr in self.ctrs:
            require(ctr.table in self.tables, f"the table of a {ctr.table[1]} is not there")

    @cached_property
    def features(self) -> list[FloatFeature | OneHotFeature | CtrFeature]:
        """What splits compare, in the order in which they are counted through."""
        return [*self.floats, *self.one_hots, *self.ctrs]

    @property
    def columns(self) -> list[FloatFeature | CatFeature]:
        """The features that are columns of X."""
        return [*self.floats, *self.categories]

    @property
    def names(self) -> list[str]:
        """The name of each column of X; its number where it has none."""
        known = {feature.flat: feature.name for feature in self.columns} | self.others
        width = max(known, default=-1) + 1
        require(width <= 2 * len(known) + 64, "the features' columns are not those of a matrix")
        return [known.get(column, "") or str(column) for column in range(width)]

    @property
    def feature_names_in_(self) -> np.ndarray | None:
        """The same, as scikit-learn's estimators tell them: none where they are numbers, and columns make a matrix."""
        made_up = self.names == [str(column) for column in range(len(self.names))]
        return None if made_up and not self.categories else np.array(self.names, object)

    @property
    def n_features_in_(self) -> int:
        """How many columns a row has."""
        return len(self.names)

    @property
    def loss(self) -> str:
        """Name of the loss function, empty where the model does not say."""
        loss = _entry(_entry(self.info, "params"), "loss_function").get("type", "")
        return loss if isinstance(loss, str) else ""

    @property
    def is_monotone(self) -> bool:
        """Whether it was trained so that answers only rise, or only fall, with some feature."""
        return bool(_entry(_entry(self.info, "params"), "tree_learner_options").get("monotone_constraints"))

    @property
    def classes_(self) -> np.ndarray | None:
        """The labels, in the type that CatBoost gives them; None where the model tells no classes apart."""
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
        """Return the labels of classes without names: numbers from 0, or those that were met."""
        count, met = about.get("classes_count") or 0, about.get("class_to_label") or [0, 1]
        whole = isinstance(count, int) and 0 <= count <= MAX_DIMENSION and all(isinstance(one, int) for one in met)
        require(whole, f"its classes are {count!r:.20}: {met!r:.60}")
        return list(range(count)) if count else list(met)

    @property
    def about_classes(self) -> dict[str, Any]:
        """What was recorded of the classes: ``class_names``, ``class_label_type``, ``class_to_label``."""
        return _entry(self.info, "class_params")

    @property
    def written_by(self) -> str:
        """The library, for the description of a version."""
        return "catboost"

    @cached_property
    def _estimator(self) -> Any:
        try:
            from catboost import CatBoostClassifier, CatBoostRegressor
        except ModuleNotFoundError:
            raise UnsupportedError(
                "a CatBoost file: checking it on a sample needs catboost itself; pip install catboost"
            ) from None
        data, kind = self.file
        with TemporaryDirectory() as directory:
            path = Path(directory) / "model"
            path.write_bytes(data)
            estimator = CatBoostRegressor() if self.classes_ is None else CatBoostClassifier()
            return estimator.load_model(path, format=kind)

    def predict(self, X: Any) -> Any:
        """Return the answers of the estimator that CatBoost makes of the file.

        Raises:
            UnsupportedError: CatBoost is not installed.
        """
        return self._estimator.predict(X)

    def predict_proba(self, X: Any) -> Any:
        """Return its probabilities; raises as :meth:`predict` does."""
        return self._estimator.predict_proba(X)

    def predict_log_proba(self, X: Any) -> Any:
        """Return their logarithms; raises as :meth:`predict` does."""
        return self._estimator.predict_log_proba(X)

    def contributions(self, X: Any) -> Any:
        """Return CatBoost's own SHAP values; raises as :meth:`predict` does."""
        return shap_values(self._estimator, X)

    def calc_leaf_indexes(self, X: Any) -> Any:
        """Return the leaf of each row in each tree; raises as :meth:`predict` does."""
        return self._estimator.calc_leaf_indexes(X)


def shap_values(estimator: Any, X: Any) -> Any:
    """Return the SHAP values that CatBoost itself computes."""
    from catboost import Pool  # the estimator is one of it, so it is there

    pool = Pool(X, cat_features=estimator.get_cat_feature_indices(), feature_names=_names_of(estimator, X))
    return estimator.get_feature_importance(pool, type="ShapValues")


def _names_of(estimator: Any, X: Any) -> Any:
    return None if hasattr(X, "columns") else estimator.feature_names_


def _entry(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}
