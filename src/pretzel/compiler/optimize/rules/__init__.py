"""The rules, in the order in which each pass applies them.

A rule is one file of its name and one line here.  Passes repeat until no rule fires, so the order determines the
number of passes and, where a comment notes it, which rewrites are possible.
"""

import importlib

from pretzel.compiler.optimize.pattern import Rule

ORDER = (
    "cast_before_concat",  # first, so that the cast reaches the counts
    "count_in_wanted_type",  # a cast hides the counts from every proof and pattern below
    # Checks move first: a check between two operators hides them from each other in every rule below.
    "share_checks",
    "merge_require_finite",
    "drop_proven_require_finite",
    "check_parts_before_concat",
    "check_before_product",
    "check_before_scaling",  # after the part was taken out of a wider matrix, whose other parts have no scaling
    # Columns: dropping them now saves work later.
    "flatten_concat",  # before the pushes, which see one level of parts
    "merge_selects",
    "column_of_select",
    "column_of_concat",
    "column_before_columnwise",
    "drop_empty_parts",
    "select_before_columnwise",
    "push_select_through_concat",  # after the merges: it splits the list of columns
    "drop_noop",  # after the rules above, which leave selections of all columns behind
    "fold_constants",
    # Linear models, from the widest vector to the narrowest.
    "drop_unweighted_parts",  # before the push, which creates a model for each part
    "push_linear_through_concat",  # before all folds: each part of a concatenation folds separately
    "skip_densify_before_linear",  # before the lookup, which matches the one-hot itself
    "fold_select_into_linear",
    "linear_of_one_hot_is_take",
    "fold_linear_into_linear",  # before the norm moves behind the inner product, which then cannot fold into the next
    "check_product_before_scaling",  # after that fold, which matches the check of the same product
    "norm_after_dot",
    "merge_scalings",  # before the fold of one, so that weights are scaled once
    "fold_affine_into_linear",
    "fold_standardize_into_linear",
    "fold_scaling_behind_linear",
    "linear_of_zeros_is_constant",  # last of these: only now are the remaining weights known
    "add_constants_to_bias",
    # Trees: compare the original columns.
    "fold_select_into_trees",
    "drop_unread_parts",
    "fold_scaling_into_thresholds",  # after the selections, which may be between the two
)
"""The names of all rules."""


def _load(name: str) -> Rule:
    rule: Rule = getattr(importlib.import_module(f"{__name__}.{name}"), name)
    return rule


RULES = tuple(map(_load, ORDER))
"""Every rule, in order."""
