"""Examples of LightGBM's estimators, with a case for every parameter of its configuration."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
from lightgbm.basic import _ConfigAliases

from tests.importers.sklearn.examples import HARMLESS, Example, fitting

RANDOM = np.random.default_rng(11)
X = np.column_stack([RANDOM.normal(size=(120, 3)), RANDOM.integers(0, 6, 120), RANDOM.integers(0, 2, 120)])
X[::7, 0] = np.nan
X[::3, 1] = 0.0
Y = np.nan_to_num(X[:, 0]) + 2 * X[:, 1] + (X[:, 3] % 3 == 0) + RANDOM.normal(size=120) / 4
CLASSES = np.digitize(Y, [-0.5, 1.0])
NAMES = np.array(["no", "yes"])[(Y > 1.5).astype(int)]
COUNTS = np.exp(Y / 3)
FEW = {"n_estimators": 4, "num_leaves": 6, "min_child_samples": 4, "verbose": -1, "n_jobs": 1, "random_state": 0}

# LightGBM passes every option to its configuration on each prediction, so none may be unreadable.  Options that act
# while fitting are tried, or listed here because this data or the text does not show their effect.
UNSEEN = dict.fromkeys(
    """
    bin_construct_sample_cnt cegb_penalty_feature_coupled config convert_model
    convert_model_language data data_random_seed data_sample_strategy deterministic device_type drop_seed
    early_stopping_min_delta early_stopping_round enable_bundle eval_at extra_seed feature_fraction_seed
    feature_pre_filter first_metric_only force_col_wise force_row_wise forcedbins_filename forcedsplits_filename
    gpu_device_id gpu_device_id_list gpu_platform_id gpu_use_dp group_column header histogram_pool_size ignore_column
    input_model is_enable_sparse is_provide_training_metric label_column label_gain linear_lambda local_listen_port
    machine_list_filename machines max_drop metric metric_freq multi_error_top_k num_class num_gpu num_machines
    objective_seed output_model output_result parser_config_file pre_partition precise_float_parser
    saved_feature_importance_type save_binary snapshot_freq stochastic_rounding task time_out top_k tree_learner
    two_round uniform_drop valid weight_column xgboost_dart_mode auc_mu_weights max_cat_threshold
    lambdarank_truncation_level lambdarank_position_bias_regularization lambdarank_norm monotone_penalty
    monotone_constraints_method num_grad_quant_bins quant_train_renew_leaf skip_drop bagging_by_query bagging_seed
    start_iteration_predict num_iteration_predict predict_raw_score predict_leaf_index predict_contrib
    predict_disable_shape_check pred_early_stop_freq pred_early_stop_margin verbosity num_threads refit_decay_rate
    """.split(),
    HARMLESS,
)
"""Paths of files, devices, seeds of disabled features, and options of objectives other than the first."""

COMMON: dict[str, Any] = {
    "boosting_type": [("dart", {"drop_rate": 0.9, "skip_drop": 0.0}), ("rf", {"subsample": 0.5, "subsample_freq": 1})],
    "class_weight": HARMLESS,
    "colsample_bytree": [0.4],
    "importance_type": HARMLESS,
    "learning_rate": [0.5],
    "max_depth": [1],
    "min_child_samples": [30],
    "min_child_weight": [20.0],
    "min_split_gain": [4.0],
    "n_estimators": [2],
    "num_leaves": [3],
    "random_state": [(3, {"subsample": 0.5, "subsample_freq": 1})],
    "reg_alpha": [2.0],
    "reg_lambda": [9.0],
    "subsample": [(0.5, {"subsample_freq": 1})],
    "subsample_for_bin": [10],
    "subsample_freq": [(1, {"subsample": 0.5})],
}
KEYWORDS: dict[str, Any] = {
    "alpha": [(0.2, {"objective": "quantile"})],
    "bagging_fraction": [(0.5, {"bagging_freq": 1})],
    "bagging_freq": [(1, {"bagging_fraction": 0.5})],
    "boost_from_average": [False],
    "boosting": [("dart", {"drop_rate": 0.9, "skip_drop": 0.0})],
    "cat_l2": [(0.1, {"categorical_feature": [3], "max_cat_to_onehot": 1, "min_data_per_group": 2})],
    "cat_smooth": [(0.1, {"categorical_feature": [3], "max_cat_to_onehot": 1, "min_data_per_group": 2})],
    "categorical_feature": [([3], {"min_data_per_group": 2, "cat_smooth": 0.1})],
    "cegb_penalty_feature_lazy": [[9.0, 9.0, 0.0, 9.0, 9.0]],
    "cegb_penalty_split": [0.5],
    "cegb_tradeoff": [(9.0, {"cegb_penalty_split": 0.1})],
    "drop_rate": [(0.9, {"boosting": "dart", "n_estimators": 9})],
    "extra_trees": [True],
    "fair_c": [(0.1, {"objective": "fair"})],
    "feature_contri": [[0.0, 0.0, 1.0, 1.0, 1.0]],
    "feature_fraction": [0.4],
    "feature_fraction_bynode": [0.4],
    "interaction_constraints": ["[0],[1],[2]"],
    "is_unbalance": HARMLESS,
    "lambda_l1": [2.0],
    "lambda_l2": [9.0],
    "linear_tree": [True],
    "max_bin": [4],
    "max_bin_by_feature": [[3, 3, 3, 3, 3]],
    "max_cat_to_onehot": [(9, {"categorical_feature": [3], "min_data_per_group": 2, "cat_smooth": 0.1})],
    "max_delta_step": [0.01],
    "min_data_in_bin": [40],
    "min_data_in_leaf": [30],
    "min_data_per_group": [
        (2, {"categorical_feature": [3], "max_cat_to_onehot": 1, "cat_smooth": 0.1}),
    ],
    "min_gain_to_split": [4.0],
    "min_sum_hessian_in_leaf": [20.0],
    "monotone_constraints": [[-1, -1, 0, 0, 0]],
    "neg_bagging_fraction": HARMLESS,
    "num_iterations": [2],
    "other_rate": [(0.5, {"data_sample_strategy": "goss", "learning_rate": 0.5})],
    "path_smooth": [9.0],
    "poisson_max_delta_step": [(2.0, {"objective": "poisson"})],
    "pos_bagging_fraction": HARMLESS,
    "pred_early_stop": [True],
    "reg_sqrt": [True],
    "scale_pos_weight": HARMLESS,
    "seed": [(3, {"subsample": 0.5, "subsample_freq": 1})],
    "sigmoid": HARMLESS,
    "top_rate": [(0.6, {"data_sample_strategy": "goss", "learning_rate": 0.5})],
    "tweedie_variance_power": [(1.1, {"objective": "tweedie"})],
    "use_missing": [False],
    "use_quantized_grad": [True],
    "zero_as_missing": [True],
}
OBJECTIVES = ["regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie"]  # codespell:ignore
KNOWN = tuple(sorted({*_ConfigAliases._get_all_param_aliases()} - {*FEW, *COMMON}))


def custom(y: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Half of the squared error, for two classes or a number."""
    return scores - y, np.full(len(y), 2.0)


EXAMPLES = [
    Example(
        lightgbm.LGBMRegressor,
        fitting(lightgbm.LGBMRegressor, X, COUNTS, **FEW),
        UNSEEN | COMMON | KEYWORDS | {"objective": [*OBJECTIVES, custom]},
        exact=True,
        keywords=KNOWN,
    ),
    Example(
        lightgbm.LGBMClassifier,
        fitting(lightgbm.LGBMClassifier, X, NAMES, **FEW),
        COMMON
        | {
            "class_weight": ["balanced"],
            "is_unbalance": [True],
            "neg_bagging_fraction": [(0.3, {"subsample_freq": 1})],
            "objective": ["cross_entropy_lambda", custom],
            "pos_bagging_fraction": [(0.3, {"subsample_freq": 1})],
            "pred_early_stop": [True],
            "scale_pos_weight": [3.0],
            "sigmoid": [0.3],
        },
        exact=True,
        keywords=("is_unbalance", "neg_bagging_fraction", "pos_bagging_fraction", "pred_early_stop")
        + ("scale_pos_weight", "sigmoid"),
    ),
    Example(lightgbm.LGBMClassifier, fitting(lightgbm.LGBMClassifier, X, CLASSES, **FEW), exact=True),
    Example(
        lightgbm.LGBMRanker,
        lambda **options: (
            lightgbm.LGBMRanker(**{**FEW, **options}).fit(X, CLASSES, group=[40, 80]),
            X,
        ),
        COMMON
        | {"objective": ["rank_xendcg"], "sigmoid": [0.3], "lambdarank_norm": [False], "label_gain": [[0, 1, 9]]},
        exact=True,
        keywords=("sigmoid", "lambdarank_norm", "label_gain"),
    ),
    Example(
        lightgbm.LGBMModel,
        fitting(lightgbm.LGBMModel, X, COUNTS, objective="poisson", **FEW),
        COMMON | {"objective": OBJECTIVES[:3]},
        exact=True,
    ),
]
