"""Selectors of columns, whose options act in fitting."""

from feature_engine import selection

from tests.importers.feature_engine.data import BY_MODEL, DROPS, MODEL, TARGET, example
from tests.importers.sklearn.examples import FIT_ONLY

SELECTORS = [
    example(selection.DropFeatures, {"features_to_drop": [["price"]]}, features_to_drop=["share", "hour"]),
    example(
        selection.DropConstantFeatures, DROPS | {"variables": FIT_ONLY, "tol": FIT_ONLY, "missing_values": FIT_ONLY}
    ),
    example(selection.DropDuplicateFeatures, DROPS | {"variables": FIT_ONLY, "missing_values": FIT_ONLY}),
    example(
        selection.DropCorrelatedFeatures,
        DROPS | {"variables": FIT_ONLY, "method": FIT_ONLY, "threshold": FIT_ONLY, "missing_values": FIT_ONLY},
    ),
    example(
        selection.SmartCorrelatedSelection,
        BY_MODEL | {"method": FIT_ONLY, "missing_values": FIT_ONLY, "selection_method": FIT_ONLY},
    ),
    example(
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
    example(
        selection.SelectByInformationValue,
        DROPS | dict.fromkeys(("variables", "bins", "strategy", "threshold"), FIT_ONLY),
        target=TARGET,
        bins=3,
        strategy="equal_frequency",
        threshold=0.1,
    ),
    *(
        example(kind, BY_MODEL, target=TARGET, estimator=MODEL, cv=2)
        for kind in (
            *(selection.SelectByShuffling, selection.SelectBySingleFeaturePerformance),
            *(selection.RecursiveFeatureAddition, selection.RecursiveFeatureElimination),
        )
    ),
    example(
        selection.SelectByTargetMeanPerformance,
        BY_MODEL | {"bins": FIT_ONLY, "strategy": FIT_ONLY},
        target=TARGET,
        regression=False,
        scoring="roc_auc",
        cv=2,
    ),
    example(
        selection.ProbeFeatureSelection,
        BY_MODEL | dict.fromkeys(("collective", "n_probes", "distribution", "n_categories"), FIT_ONLY),
        target=TARGET,
        estimator=MODEL,
        cv=2,
        random_state=0,
    ),
    example(
        selection.MRMR,
        BY_MODEL
        | dict.fromkeys(
            ("method", "max_features", "discrete_features", "n_neighbors", "param_grid", "n_jobs"), FIT_ONLY
        ),
        target=TARGET,
        regression=False,
        cv=2,
    ),
]
