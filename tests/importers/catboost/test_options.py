"""No option of a constructor is ignored: each is tried, or said to act on fitting alone and then never read again."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor

from pretzel.errors import UnsupportedError
from pretzel.importers import export
from tests.importers.catboost.compare import assert_answers, wanted
from tests.importers.catboost.models import CATEGORIES, QUIET, ROWS, table, told

PLAIN = {**QUIET, "cat_features": CATEGORIES, "iterations": 12}
ORDERED = {"boosting_type": "Ordered"}
STEPWISE = {"grow_policy": "Depthwise"}
LEAFWISE = {"grow_policy": "Lossguide", "depth": 6}
COMBINED = {"max_ctr_complexity": 3, "one_hot_max_size": 2}
PENALTIES = {"first_feature_use_penalties": [0, 0, 0, 0, 1.0]}

Case = tuple[Any, dict[str, Any]]
"""A value, and what else must be set for it to act."""

SHARED: dict[str, Case] = {
    "iterations": (5, {}),
    "n_estimators": (5, {"iterations": None}),
    "num_boost_round": (5, {"iterations": None}),
    "num_trees": (5, {"iterations": None}),
    "learning_rate": (0.3, {}),
    "eta": (0.3, {}),
    "depth": (2, {}),
    "max_depth": (2, {"depth": None}),
    "l2_leaf_reg": (30, {}),
    "reg_lambda": (30, {}),
    "model_size_reg": (1000.0, {}),
    "rsm": (0.3, {}),
    "colsample_bylevel": (0.3, {}),
    "border_count": (3, {}),
    "max_bin": (3, {}),
    "feature_border_type": ("Uniform", {}),
    "per_float_feature_quantization": (["4:border_count=2"], {}),
    "nan_mode": ("Max", {}),
    "leaf_estimation_iterations": (7, {}),
    "leaf_estimation_backtracking": ("No", {"leaf_estimation_iterations": 9, "learning_rate": 1.0}),
    "random_seed": (5, {}),
    "random_state": (5, {"random_seed": None}),
    "max_ctr_complexity": (3, {"one_hot_max_size": 2}),
    "has_time": (True, {}),
    "one_hot_max_size": (20, {}),
    "random_strength": (50, {}),
    "random_score_type": ("Gumbel", {"random_strength": 50}),
    "ignored_features": ([4], {}),
    "bagging_temperature": (9.0, {"bootstrap_type": "Bayesian"}),
    "fold_len_multiplier": (1.2, ORDERED),
    "fold_permutation_block": (50, {}),
    "approx_on_full_history": (True, ORDERED),
    "boosting_type": ("Ordered", {}),
    "simple_ctr": ("Buckets:Prior=0.2/1", {}),
    "combinations_ctr": ("Counter:CtrBorderCount=3:Prior=0.7/1", COMBINED),
    "per_feature_ctr": (["1:Counter:CtrBorderCount=3:Prior=0/1"], {}),
    "ctr_description": (["Buckets:Prior=0.2/1"], {}),
    "ctr_target_border_count": (3, {}),
    "bootstrap_type": ("Bernoulli", {"subsample": 0.4}),
    "subsample": (0.3, {}),
    "mvs_reg": (90.0, {}),
    "sampling_frequency": ("PerTreeLevel", {"bootstrap_type": "Bernoulli", "subsample": 0.4}),
    "grow_policy": ("Lossguide", {}),
    "min_data_in_leaf": (40, STEPWISE),
    "min_child_samples": (40, STEPWISE),
    "max_leaves": (4, LEAFWISE),
    "num_leaves": (4, LEAFWISE),
    "score_function": ("L2", {}),
    "monotone_constraints": ([-1, 0, 0, 0, -1], {}),
    "feature_weights": ([9.0, 1.0, 1.0, 1.0, 0.1], {}),
    "first_feature_use_penalties": ([0, 0, 0, 0, 50.0], {}),
    "penalties_coefficient": (90.0, PENALTIES),
    "per_object_feature_penalties": ([0, 0, 0, 0, 50.0], {}),
    "model_shrink_rate": (0.3, {}),
    "model_shrink_mode": ("Decreasing", {"model_shrink_rate": 0.3}),
    "langevin": (True, {}),
    "diffusion_temperature": (90.0, {"langevin": True}),
    "posterior_sampling": (True, {}),
    "boost_from_average": (False, {}),
    "eval_fraction": (0.5, {}),
    "cat_features": (["word", "pair"], {}),
    "loss_function": ("Poisson", {}),
    "objective": ("Tweedie:variance_power=1.5", {}),
}
"""What all estimators take, tried on a regressor."""

OWN: dict[Any, dict[str, Case]] = {
    CatBoostClassifier: {
        "loss_function": ("CrossEntropy", {}),
        "objective": ("MultiClass", {}),
        "leaf_estimation_method": ("Gradient", {"leaf_estimation_iterations": 3}),
        "target_border": (0.6, {}),
        "class_weights": ([1.0, 9.0], {}),
        "auto_class_weights": ("Balanced", {}),
        "scale_pos_weight": (9.0, {}),
        "class_names": ([1, 0], {}),
        "classes_count": (3, {"loss_function": "MultiClass"}),
    },
    CatBoostRanker: {
        "loss_function": ("QueryRMSE", {}),
        "objective": ("YetiRankPairwise", {}),
        "sampling_unit": ("Group", {"bootstrap_type": "Bernoulli", "subsample": 0.4}),
    },
}
"""What means something to some estimators alone."""

REFUSED = ("text_features", "embedding_features")

FITTING = {
    # They stop early, or choose between equal ways, and the trees say how it ended.
    *("od_pval", "od_wait", "od_type", "early_stopping_rounds", "use_best_model", "best_model_min_trees"),
    *("counter_calc_method", "ctr_history_unit", "ctr_leaf_count_limit", "store_all_simple_ctr"),
    *("final_ctr_computation_mode", "allow_const_label", "fixed_binary_splits", "metadata", "input_borders"),
    *("dev_efb_max_buckets", "sparse_features_conflict_fraction", "dev_score_calc_obj_block_size"),
    # What texts become, which are refused.
    *("tokenizers", "dictionaries", "feature_calcers", "text_processing"),
    # Metrics, and what is called between rounds.
    *("custom_loss", "custom_metric", "eval_metric", "callback"),
    # Of GPUs.
    *("device_config", "devices", "gpu_ram_part", "pinned_memory_size", "gpu_cat_features_storage", "data_partition"),
    "task_type",
    # Files and names.
    *("name", "train_dir", "output_borders", "save_snapshot", "snapshot_file", "snapshot_interval"),
    *("allow_writing_files", "used_ram_limit"),
}
"""What else acts while fitting alone."""

HARMLESS = {"thread_count", "verbose", "silent", "logging_level", "metric_period"}
"""How many threads answer, and what is printed meanwhile."""

KINDS: list[Any] = [CatBoostRegressor, CatBoostClassifier, CatBoostRanker]
TRIES = [
    pytest.param(kind, option, *case, id=f"{kind.__name__}-{option}")
    for kind, cases in {CatBoostRegressor: SHARED, **OWN}.items()
    for option, case in cases.items()
]


def fitted(kind: Any, **options: Any) -> Any:
    """Fit an estimator on the table; an option that is None is left out."""
    y = told() if kind is CatBoostRegressor or "target_border" in options else (told() > 0.5).astype(int)
    groups = {"group_id": np.arange(ROWS) // 8} if kind is CatBoostRanker else {}
    given = {name: value for name, value in {**PLAIN, **options}.items() if value is not None}
    if "cat_features" in options:
        return kind(**given).fit(table().drop(columns="whole"), y, **groups)
    return kind(**given).fit(table(), y, **groups)


@pytest.mark.parametrize(("kind", "option", "value", "further"), TRIES)
def test_no_option_is_ignored(kind: Any, option: str, value: Any, further: dict[str, Any]) -> None:
    x = table().drop(columns="whole") if option == "cat_features" else table()
    model = fitted(kind, **{**further, option: value})
    assert_answers(model, x, batches=[7, ROWS])
    if option not in ("cat_features", "target_border"):
        plain = fitted(kind, **further)
        assert model.predict(x).tolist() != plain.predict(x).tolist() or _scores(model) != _scores(plain), (
            f"{option}={value!r} changes nothing here: choose a value that does"
        )


def _scores(model: Any) -> Any:
    if not isinstance(model, CatBoostClassifier):
        return model.predict(table()).tolist()
    return model.predict(table(), prediction_type="RawFormulaVal").tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_every_option_has_a_case(kind: Any) -> None:
    options = {*inspect.signature(kind).parameters}
    known = {*SHARED, *OWN.get(kind, {}), *REFUSED, *FITTING, *HARMLESS}
    unknown = options - known - {*OWN[CatBoostClassifier], *OWN[CatBoostRanker]}
    assert not unknown, f"{kind.__name__}: say what {', '.join(sorted(unknown))} do"
    assert {*inspect.signature(CatBoost).parameters} == {"params"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_acts_while_fitting_is_not_read_later(kind: Any) -> None:
    model = fitted(kind)
    definition = export(model)
    before = {name: answer.tolist() for name, answer in wanted(model, definition, table()).items()}
    for option in {*inspect.signature(kind).parameters} - HARMLESS - {"loss_function", "objective"}:
        model._init_params[option] = Unreadable()
    assert export(model).digest == definition.digest
    if kind is CatBoostRegressor:
        return  # its predict asks for the canonical form of all options, which reads each
    assert before == {name: answer.tolist() for name, answer in wanted(model, definition, table()).items()}


class Unreadable:
    """A value of which nothing can be made: it stands where no one is to look."""

    def _refuse(self, *_: Any) -> Any:
        raise AssertionError("an option that acts while fitting alone is read by the fitted estimator")

    __bool__ = __eq__ = __float__ = __index__ = __iter__ = __len__ = __lt__ = __gt__ = __call__ = _refuse
    __hash__ = None  # type: ignore[assignment]


def test_the_loss_of_a_regressor_is_read_later() -> None:
    raw, exponent = fitted(CatBoostRegressor), fitted(CatBoostRegressor, loss_function="Poisson")
    assert "elementwise" not in {node.name for node in export(raw).nodes}
    assert "elementwise" in {node.name for node in export(exponent).nodes}


@pytest.mark.parametrize("option", REFUSED)
def test_what_is_refused_names_the_option(option: str) -> None:
    column: Any = ["some words", "other words"] * (ROWS // 2)
    if option == "embedding_features":
        column = list(np.column_stack([told(), -told()]))
    x = table()[["number"]].assign(given=column)
    model = CatBoostClassifier(**QUIET, **{option: ["given"]}).fit(x, told() > 0.5)
    with pytest.raises(UnsupportedError, match=option):
        export(model)
