"""Transformers over a table of numbers and of categories, with missing values where they take them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from feature_engine import creation, discretisation, encoding, imputation, outliers, scaling, selection, transformation
from feature_engine.wrappers import SklearnTransformerWrapper
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

_random = np.random.default_rng(11)
ROWS = 80
TABLE = pd.DataFrame(
    {
        "price": _random.gamma(2.0, 3.0, ROWS) + 0.1,
        "share": _random.random(ROWS),
        "change": _random.normal(size=ROWS) * 3.0,
        "hour": _random.integers(0, 24, ROWS).astype(float),
    }
)
TABLE["double"] = TABLE["price"] * 2.0
KINDS = pd.DataFrame(
    {
        "color": _random.choice(["red", "green", "blue", "teal"], ROWS, p=[0.4, 0.3, 0.2, 0.1]),
        "price": TABLE["price"],
        "size": _random.choice(["small", "large"], ROWS),
    }
)
HOLES = TABLE.mask(_random.random(TABLE.shape) < 0.2).assign(double=TABLE["double"])
GAPS = KINDS.mask(_random.random(KINDS.shape) < 0.2)
TARGET = pd.Series((TABLE["price"] + TABLE["change"] + 2.0 * (KINDS["color"] == "red") > 6.0).astype(int))
NUMBERS = TABLE["price"] + TABLE["change"]
UNSEEN = pd.DataFrame({"color": ["mauve", "red"], "price": [1.5, 2.5], "size": ["small", "huge"]})
SOME = ["price", "share"]
BATCHES = (1, 7, 80)


def _fitted(kind: type, table: Any, target: Any, rows: Any, defaults: dict[str, Any]) -> Callable[..., tuple[Any, Any]]:
    def make(**options: Any) -> tuple[Any, Any]:
        return kind(**{**defaults, **options}).fit(table, target), table if rows is None else rows

    return make


def _example(
    kind: type, options: dict[str, Any], table: Any = TABLE, target: Any = None, rows: Any = None, **defaults: Any
) -> Example:
    return Example(kind, _fitted(kind, table, target, rows, defaults), options, batches=BATCHES)


def _encoder(kind: type, options: dict[str, Any], target: Any = TARGET, **defaults: Any) -> Example:
    """Return an example whose X has categories never seen, if the options allow them."""

    def make(**given: Any) -> tuple[Any, Any]:
        chosen = {**defaults, **given}
        rows = pd.concat([KINDS, UNSEEN], ignore_index=True) if chosen.get("unseen") in ("ignore", "encode") else KINDS
        return kind(**chosen).fit(KINDS, target), rows

    return Example(kind, make, {"variables": [["color"]], "ignore_format": HARMLESS} | options, batches=BATCHES)


VARIABLES: dict[str, Any] = {"variables": [SOME]}
WHOLE: dict[str, Any] = {"variables": HARMLESS}
CUT: dict[str, Any] = {"return_object": [True], "return_boundaries": [True], "precision": HARMLESS}
DROPS: dict[str, Any] = {"confirm_variables": FIT_ONLY}
BY_MODEL: dict[str, Any] = (
    DROPS
    | dict.fromkeys(("scoring", "cv", "groups", "threshold", "variables", "regression", "random_state"), FIT_ONLY)
    | {"estimator": HARMLESS}
)
MODEL = LogisticRegression()
CAPPED: dict[str, Any] = {"missing_values": ["ignore"]}

EXAMPLES = [
    _encoder(
        encoding.CountFrequencyEncoder,
        {"encoding_method": ["frequency"], "unseen": ["encode"], "missing_values": HARMLESS},
        unseen="ignore",
    ),
    _encoder(
        encoding.MeanEncoder,
        {"smoothing": [5.0, "auto"], "unseen": ["encode"], "missing_values": HARMLESS},
        unseen="ignore",
    ),
    _encoder(
        encoding.OrdinalEncoder,
        {"encoding_method": ["arbitrary"], "unseen": ["encode"], "missing_values": HARMLESS},
        unseen="ignore",
    ),
    _encoder(encoding.WoEEncoder, {"unseen": HARMLESS, "fill_value": HARMLESS}, unseen="ignore"),
    _encoder(encoding.OneHotEncoder, {"top_categories": [2], "drop_last": [True], "drop_last_binary": [True]}),
    _encoder(
        encoding.DecisionTreeEncoder,
        {
            "encoding_method": FIT_ONLY,
            "cv": FIT_ONLY,
            "scoring": FIT_ONLY,
            "param_grid": FIT_ONLY,
            "regression": FIT_ONLY,
            "precision": [1],
            "unseen": [("encode", {"fill_value": 0.25})],
            "fill_value": [(0.5, {"unseen": "encode"})],
        },
        NUMBERS,
        unseen="ignore",
    ),
    _example(imputation.MeanMedianImputer, VARIABLES | {"imputation_method": ["mean"]}, HOLES),
    _example(
        imputation.EndTailImputer,
        VARIABLES | {"imputation_method": ["iqr", "max"], "tail": ["left"], "fold": [1]},
        HOLES,
    ),
    _example(
        imputation.ArbitraryNumberImputer,
        VARIABLES | {"arbitrary_number": [-1.0], "imputer_dict": [{"price": 1.0, "share": -5.0}]},
        HOLES,
    ),
    _example(
        imputation.CategoricalImputer,
        {
            "imputation_method": HARMLESS,
            "fill_value": HARMLESS,
            "return_object": [True],
            "ignore_format": HARMLESS,
            "variables": HARMLESS,
        },
        GAPS[["price"]],
        variables=["price"],
        ignore_format=True,
        fill_value=0.5,
    ),
    _example(imputation.AddMissingIndicator, VARIABLES | {"missing_only": [(False, {"variables": None})]}, HOLES),
    _example(
        outliers.Winsorizer,
        VARIABLES
        | CAPPED
        | {
            "capping_method": ["iqr", ("quantiles", {"fold": 0.1}), "mad"],
            "tail": ["left", "both"],
            "fold": [0.5],
            "add_indicators": [True, (True, {"tail": "both"})],
            "missing_values": HARMLESS,
        },
        fold=1.0,
    ),
    _example(outliers.Winsorizer, {}, HOLES, missing_values="ignore", tail="both", fold=1.0, add_indicators=True),
    _example(
        outliers.ArbitraryOutlierCapper,
        {
            "max_capping_dict": [{"price": 3.0, "share": 0.5}],
            "min_capping_dict": [{"change": 0.0}, {"price": 9.0}],
            "missing_values": HARMLESS,
        },
        max_capping_dict={"price": 5.0},
    ),
    _example(transformation.LogTransformer, {"variables": [["price"]], "base": ["10"]}, variables=SOME),
    _example(transformation.LogCpTransformer, VARIABLES | {"base": ["10"], "C": [20, {"price": 3, "share": 1.5}]}),
    _example(transformation.PowerTransformer, {"variables": [["price"]], "exp": [2, -0.5]}, variables=SOME),
    _example(transformation.BoxCoxTransformer, {"variables": [["price"]]}, variables=SOME),
    _example(transformation.YeoJohnsonTransformer, VARIABLES),
    _example(transformation.ReciprocalTransformer, {"variables": [["price"]]}, variables=SOME),
    _example(transformation.ArcsinTransformer, WHOLE, variables=["share"]),
    _example(transformation.ArcSinhTransformer, VARIABLES | {"loc": [1.5], "scale": [4.0]}),
    _example(scaling.MeanNormalizationScaler, VARIABLES),
    _example(discretisation.EqualFrequencyDiscretiser, VARIABLES | CUT | {"q": [3]}),
    _example(discretisation.EqualWidthDiscretiser, VARIABLES | CUT | {"bins": [3]}),
    _example(discretisation.GeometricWidthDiscretiser, VARIABLES | CUT | {"bins": [3]}),
    _example(
        discretisation.ArbitraryDiscretiser,
        CUT | {"binning_dict": [{"share": [-np.inf, 0.5, 1.0]}], "errors": HARMLESS},
        binning_dict={"price": [0.0, 2.0, 5.0], "hour": [0, 6, 12, np.inf]},
    ),
    _example(
        discretisation.DecisionTreeDiscretiser,
        {
            "variables": [["price"]],
            "bin_output": ["bin_number", ("boundaries", {"precision": 2})],
            "precision": [1],
            "cv": FIT_ONLY,
            "scoring": HARMLESS,
            "param_grid": [{"max_depth": [1]}],
            "regression": HARMLESS,
        },
        target=NUMBERS,
        variables=["price", "change"],
        random_state=0,
    ),
    _example(
        discretisation.DecisionTreeDiscretiser,
        {},
        target=TARGET,
        regression=False,
        scoring="roc_auc",
        random_state=0,
        variables=SOME,
    ),
    _example(
        creation.MathFeatures,
        {
            "variables": [["price", "hour"]],
            "func": [["sum", "mean", "min", "max", "prod"], "std"],
            "new_variables_names": HARMLESS,
            "missing_values": ["ignore"],
            "drop_original": [True],
        },
        variables=["price", "share", "change"],
        func="sum",
    ),
    _example(
        creation.RelativeFeatures,
        {
            "variables": [["hour"]],
            "reference": [["share"]],
            "func": [["add", "mul", "div"], ["truediv"], ["floordiv", "mod"], ["pow"]],
            "fill_value": [(7.5, {"func": ["div"], "reference": ["hour"]})],
            "missing_values": HARMLESS,
            "drop_original": [True],
        },
        variables=["price", "change"],
        reference=["share", "double"],
        func=["sub"],
    ),
    _example(
        creation.CyclicalFeatures,
        {"variables": [["price"]], "max_values": [{"hour": 24.0}], "drop_original": [True]},
        variables=["hour"],
    ),
    _example(selection.DropFeatures, {"features_to_drop": [["price"]]}, features_to_drop=["share", "hour"]),
    _example(
        selection.DropConstantFeatures, DROPS | {"variables": FIT_ONLY, "tol": FIT_ONLY, "missing_values": FIT_ONLY}
    ),
    _example(selection.DropDuplicateFeatures, DROPS | {"variables": FIT_ONLY, "missing_values": FIT_ONLY}),
    _example(
        selection.DropCorrelatedFeatures,
        DROPS | {"variables": FIT_ONLY, "method": FIT_ONLY, "threshold": FIT_ONLY, "missing_values": FIT_ONLY},
    ),
    _example(
        selection.SmartCorrelatedSelection,
        BY_MODEL | {"method": FIT_ONLY, "missing_values": FIT_ONLY, "selection_method": FIT_ONLY},
    ),
    _example(
        selection.DropHighPSIFeatures,
        DROPS
        | dict.fromkeys(
            (
                *("split_col", "split_frac", "split_distinct", "cut_off", "switch", "threshold", "bins", "strategy"),
                *("min_pct_empty_bins", "missing_values", "variables", "p_value"),
            ),
            FIT_ONLY,
        ),
        threshold=2.0,
    ),
    _example(
        selection.SelectByInformationValue,
        DROPS | dict.fromkeys(("variables", "bins", "strategy", "threshold"), FIT_ONLY),
        target=TARGET,
        bins=3,
        strategy="equal_frequency",
        threshold=0.1,
    ),
    *(
        _example(kind, BY_MODEL, target=TARGET, estimator=MODEL, cv=2)
        for kind in (
            *(selection.SelectByShuffling, selection.SelectBySingleFeaturePerformance),
            *(selection.RecursiveFeatureAddition, selection.RecursiveFeatureElimination),
        )
    ),
    _example(
        selection.SelectByTargetMeanPerformance,
        BY_MODEL | {"bins": FIT_ONLY, "strategy": FIT_ONLY},
        target=TARGET,
        regression=False,
        scoring="roc_auc",
        cv=2,
    ),
    _example(
        selection.ProbeFeatureSelection,
        BY_MODEL | dict.fromkeys(("collective", "n_probes", "distribution", "n_categories"), FIT_ONLY),
        target=TARGET,
        estimator=MODEL,
        cv=2,
        random_state=0,
    ),
    _example(
        selection.MRMR,
        BY_MODEL
        | dict.fromkeys(
            ("method", "max_features", "discrete_features", "n_neighbors", "param_grid", "n_jobs"), FIT_ONLY
        ),
        target=TARGET,
        regression=False,
        cv=2,
    ),
    _example(
        SklearnTransformerWrapper,
        {"variables": [["price"]], "transformer": [PolynomialFeatures(degree=2)]},
        transformer=StandardScaler(),
        variables=SOME,
    ),
    _example(
        SklearnTransformerWrapper,
        {},
        KINDS,
        transformer=OneHotEncoder(sparse_output=False),
        variables=["color", "size"],
    ),
]
