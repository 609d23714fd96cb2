"""Transformers over a table of numbers and of categories, with missing values where they take them."""

from __future__ import annotations

import numpy as np
from feature_engine import creation, discretisation, encoding, imputation, outliers, scaling, transformation
from feature_engine.wrappers import SklearnTransformerWrapper
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler

from tests.importers.feature_engine.data import (
    CAPPED,
    CUT,
    GAPS,
    HOLES,
    KINDS,
    NUMBERS,
    SOME,
    TARGET,
    VARIABLES,
    WHOLE,
    encoder,
    example,
)
from tests.importers.feature_engine.selectors import SELECTORS
from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS

EXAMPLES = [
    *SELECTORS,
    encoder(
        encoding.CountFrequencyEncoder,
        {"encoding_method": ["frequency"], "unseen": ["encode"], "missing_values": HARMLESS},
        unseen="ignore",
    ),
    encoder(
        encoding.MeanEncoder,
        {"smoothing": [5.0, "auto"], "unseen": ["encode"], "missing_values": HARMLESS},
        unseen="ignore",
    ),
    encoder(
        encoding.OrdinalEncoder,
        {"encoding_method": ["arbitrary"], "unseen": ["encode"], "missing_values": HARMLESS},
        unseen="ignore",
    ),
    encoder(encoding.WoEEncoder, {"unseen": HARMLESS, "fill_value": HARMLESS}, unseen="ignore"),
    encoder(encoding.OneHotEncoder, {"top_categories": [2], "drop_last": [True], "drop_last_binary": [True]}),
    encoder(
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
    example(imputation.MeanMedianImputer, VARIABLES | {"imputation_method": ["mean"]}, HOLES),
    example(
        imputation.EndTailImputer,
        VARIABLES | {"imputation_method": ["iqr", "max"], "tail": ["left"], "fold": [1]},
        HOLES,
    ),
    example(
        imputation.ArbitraryNumberImputer,
        VARIABLES | {"arbitrary_number": [-1.0], "imputer_dict": [{"price": 1.0, "share": -5.0}]},
        HOLES,
    ),
    example(
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
    example(imputation.AddMissingIndicator, VARIABLES | {"missing_only": [(False, {"variables": None})]}, HOLES),
    example(
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
    example(outliers.Winsorizer, {}, HOLES, missing_values="ignore", tail="both", fold=1.0, add_indicators=True),
    example(
        outliers.ArbitraryOutlierCapper,
        {
            "max_capping_dict": [{"price": 3.0, "share": 0.5}],
            "min_capping_dict": [{"change": 0.0}, {"price": 9.0}],
            "missing_values": HARMLESS,
        },
        max_capping_dict={"price": 5.0},
    ),
    example(transformation.LogTransformer, {"variables": [["price"]], "base": ["10"]}, variables=SOME),
    example(transformation.LogCpTransformer, VARIABLES | {"base": ["10"], "C": [20, {"price": 3, "share": 1.5}]}),
    example(transformation.PowerTransformer, {"variables": [["price"]], "exp": [2, -0.5]}, variables=SOME),
    example(transformation.BoxCoxTransformer, {"variables": [["price"]]}, variables=SOME),
    example(transformation.YeoJohnsonTransformer, VARIABLES),
    example(transformation.ReciprocalTransformer, {"variables": [["price"]]}, variables=SOME),
    example(transformation.ArcsinTransformer, WHOLE, variables=["share"]),
    example(transformation.ArcSinhTransformer, VARIABLES | {"loc": [1.5], "scale": [4.0]}),
    example(scaling.MeanNormalizationScaler, VARIABLES),
    example(discretisation.EqualFrequencyDiscretiser, VARIABLES | CUT | {"q": [3]}),
    example(discretisation.EqualWidthDiscretiser, VARIABLES | CUT | {"bins": [3]}),
    example(discretisation.GeometricWidthDiscretiser, VARIABLES | CUT | {"bins": [3]}),
    example(
        discretisation.ArbitraryDiscretiser,
        CUT | {"binning_dict": [{"share": [-np.inf, 0.5, 1.0]}], "errors": HARMLESS},
        binning_dict={"price": [0.0, 2.0, 5.0], "hour": [0, 6, 12, np.inf]},
    ),
    example(
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
    example(
        discretisation.DecisionTreeDiscretiser,
        {},
        target=TARGET,
        regression=False,
        scoring="roc_auc",
        random_state=0,
        variables=SOME,
    ),
    example(
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
    example(
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
    example(
        creation.CyclicalFeatures,
        {"variables": [["price"]], "max_values": [{"hour": 24.0}], "drop_original": [True]},
        variables=["hour"],
    ),
    example(
        SklearnTransformerWrapper,
        {"variables": [["price"]], "transformer": [PolynomialFeatures(degree=2)]},
        transformer=StandardScaler(),
        variables=SOME,
    ),
    example(
        SklearnTransformerWrapper,
        {},
        KINDS,
        transformer=OneHotEncoder(sparse_output=False),
        variables=["color", "size"],
    ),
]
