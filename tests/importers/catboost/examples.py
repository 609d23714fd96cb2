"""Examples of CatBoost's estimators, with a case for each of their hundred and twenty options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from tests.importers.catboost.models import CATEGORIES, QUIET, ROWS, combined_target, table
from tests.importers.sklearn.examples import FIT_ONLY, HARMLESS, Example

PLAIN = {**QUIET, "cat_features": CATEGORIES, "iterations": 12}
ORDERED = {"boosting_type": "Ordered"}
STEPWISE = {"grow_policy": "Depthwise"}
LEAFWISE = {"grow_policy": "Lossguide", "depth": 6}
COMBINED = {"max_ctr_complexity": 3, "one_hot_max_size": 2}
PENALTIES = {"first_feature_use_penalties": [0, 0, 0, 0, 1.0]}

TRIED: dict[str, Any] = {
    "iterations": [5],
    "n_estimators": [(5, {"iterations": None})],
    "num_boost_round": [(5, {"iterations": None})],
    "num_trees": [(5, {"iterations": None})],
    "learning_rate": [0.3],
    "eta": [0.3],
    "depth": [2],
    "max_depth": [(2, {"depth": None})],
    "l2_leaf_reg": [30],
    "reg_lambda": [30],
    "model_size_reg": [1000.0],
    "rsm": [0.3],
    "colsample_bylevel": [0.3],
    "border_count": [3],
    "max_bin": [3],
    "feature_border_type": ["Uniform"],
    "per_float_feature_quantization": [(["4:border_count=2"], {})],
    "nan_mode": ["Max"],
    "leaf_estimation_iterations": [7],
    "leaf_estimation_backtracking": [("No", {"leaf_estimation_iterations": 9, "learning_rate": 1.0})],
    "random_seed": [5],
    "random_state": [(5, {"random_seed": None})],
    "max_ctr_complexity": [(3, {"one_hot_max_size": 2})],
    "has_time": [True],
    "one_hot_max_size": [20],
    "random_strength": [50],
    "random_score_type": [("Gumbel", {"random_strength": 50})],
    "ignored_features": [([4], {})],
    "bagging_temperature": [(9.0, {"bootstrap_type": "Bayesian"})],
    "fold_len_multiplier": [(1.2, ORDERED)],
    "fold_permutation_block": [50],
    "approx_on_full_history": [(True, ORDERED)],
    "boosting_type": ["Ordered"],
    "simple_ctr": ["Buckets:Prior=0.2/1"],
    "combinations_ctr": [("Counter:CtrBorderCount=3:Prior=0.7/1", COMBINED)],
    "per_feature_ctr": [(["1:Counter:CtrBorderCount=3:Prior=0/1"], {})],
    "ctr_description": [(["Buckets:Prior=0.2/1"], {})],
    "ctr_target_border_count": [3],
    "bootstrap_type": [("Bernoulli", {"subsample": 0.4})],
    "subsample": [0.3],
    "mvs_reg": [90.0],
    "sampling_frequency": [("PerTreeLevel", {"bootstrap_type": "Bernoulli", "subsample": 0.4})],
    "grow_policy": ["Lossguide"],
    "min_data_in_leaf": [(40, STEPWISE)],
    "min_child_samples": [(40, STEPWISE)],
    "max_leaves": [(4, LEAFWISE)],
    "num_leaves": [(4, LEAFWISE)],
    "score_function": ["L2"],
    "monotone_constraints": [([-1, 0, 0, 0, -1], {})],
    "feature_weights": [([9.0, 1.0, 1.0, 1.0, 0.1], {})],
    "first_feature_use_penalties": [([0, 0, 0, 0, 50.0], {})],
    "penalties_coefficient": [(90.0, PENALTIES)],
    "per_object_feature_penalties": [([0, 0, 0, 0, 50.0], {})],
    "model_shrink_rate": [0.3],
    "model_shrink_mode": [("Decreasing", {"model_shrink_rate": 0.3})],
    "langevin": [True],
    "diffusion_temperature": [(90.0, {"langevin": True})],
    "posterior_sampling": [True],
    "boost_from_average": [False],
    "eval_fraction": [0.5],
    "cat_features": [(["word", "pair"], {})],
    "loss_function": ["Poisson"],
    "objective": ["Tweedie:variance_power=1.5"],
}
"""Options of all estimators, tried on a regressor; an option that is None is left out."""

ALWAYS_FITTING = {
    # They stop early, or choose between equivalent methods, which shows in the trees.
    *("od_pval", "od_wait", "od_type", "early_stopping_rounds", "use_best_model", "best_model_min_trees"),
    *("counter_calc_method", "ctr_history_unit", "ctr_leaf_count_limit", "store_all_simple_ctr"),
    *("final_ctr_computation_mode", "allow_const_label", "fixed_binary_splits", "metadata", "input_borders"),
    *("dev_efb_max_buckets", "sparse_features_conflict_fraction", "dev_score_calc_obj_block_size"),
    # Text features, which are refused.
    *("tokenizers", "dictionaries", "feature_calcers", "text_processing"),
    # Metrics and callbacks.
    *("custom_loss", "custom_metric", "eval_metric", "callback"),
    # GPUs.
    *("device_config", "devices", "gpu_ram_part", "pinned_memory_size", "gpu_cat_features_storage", "data_partition"),
    "task_type",
    # Files and names.
    *("name", "train_dir", "output_borders", "save_snapshot", "snapshot_file", "snapshot_interval"),
    *("allow_writing_files", "used_ram_limit"),
}
"""Other options that act only while fitting."""

COMMON: dict[str, Any] = {
    **dict.fromkeys(TRIED, FIT_ONLY),
    **dict.fromkeys(ALWAYS_FITTING, FIT_ONLY),
    **dict.fromkeys(("thread_count", "verbose", "silent", "logging_level", "metric_period"), HARMLESS),
    **dict.fromkeys(("class_weights", "auto_class_weights", "class_names", "classes_count", "target_border"), FIT_ONLY),
    **dict.fromkeys(("leaf_estimation_method", "scale_pos_weight", "sampling_unit"), FIT_ONLY),
    "text_features": [(["text"], {})],
    "embedding_features": [(["embedding"], {})],
}

CLASSES: dict[str, Any] = {
    "loss_function": ["CrossEntropy"],
    "objective": ["MultiClass"],
    "leaf_estimation_method": [("Gradient", {"leaf_estimation_iterations": 3})],
    "target_border": [0.6],
    "class_weights": [([1.0, 9.0], {})],
    "auto_class_weights": ["Balanced"],
    "scale_pos_weight": [9.0],
    "class_names": [([1, 0], {})],
    "classes_count": [(3, {"loss_function": "MultiClass"})],
}

RANKS: dict[str, Any] = {
    "loss_function": ["QueryRMSE"],
    "objective": ["YetiRankPairwise"],
    "sampling_unit": [("Group", {"bootstrap_type": "Bernoulli", "subsample": 0.4})],
}


def table_for(options: dict[str, Any]) -> pd.DataFrame:
    """Return the table with the columns that the options name."""
    x = table()
    if "text_features" in options:
        return x.assign(text=["some words", "other words"] * (ROWS // 2))
    if "embedding_features" in options:
        return x.assign(embedding=list(np.column_stack([combined_target(), -combined_target()])))
    return x.drop(columns="whole") if "cat_features" in options else x


def fitted(kind: Any, **options: Any) -> tuple[Any, pd.DataFrame]:
    """Fit an estimator on the table; an option that is None is left out."""
    x = table_for(options)
    numbers = kind is CatBoostRegressor or "target_border" in options
    y = combined_target() if numbers else (combined_target() > 0.5).astype(int)
    groups = {"group_id": np.arange(ROWS) // 8} if kind is CatBoostRanker else {}
    arguments = {name: value for name, value in {**PLAIN, **options}.items() if value is not None}
    return kind(**arguments).fit(x, y, **groups), x


def plain(params: dict[str, Any] | None = None) -> tuple[CatBoost, pd.DataFrame]:
    """Fit the class that takes its options as one dictionary."""
    return CatBoost({**PLAIN, **(params or {})}).fit(table(), combined_target()), table()


EXAMPLES = [
    Example(CatBoostRegressor, lambda **o: fitted(CatBoostRegressor, **o), {**COMMON, **TRIED}),
    Example(CatBoostClassifier, lambda **o: fitted(CatBoostClassifier, **o), {**COMMON, **CLASSES}),
    Example(CatBoostRanker, lambda **o: fitted(CatBoostRanker, **o), {**COMMON, **RANKS}),
    Example(CatBoost, plain, {"params": [({"loss_function": "Poisson"}, {})]}),
]
