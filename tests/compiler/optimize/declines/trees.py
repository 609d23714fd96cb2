"""Cases in which rules on trees must decline."""

from tests.compiler.optimize.declines.refusal import ROWS, TREE, Refusal

REFUSALS = [
    Refusal(
        "fold_select_into_trees",
        "another reader needs the selected columns, and their rows are shorter",
        f"""%{ROWS}
        %1 = select %x columns=@two
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "drop_unread_parts",
        "a part that no tree reads still rejects rows",
        f"""%{ROWS}
        %z = input column="z" kind="f64[2]"
        %1 = require_finite %x owner="StandardScaler"
        %2 = concat %z %1
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
    Refusal(
        "drop_unread_parts",
        "a part that no tree reads makes the whole float64",
        f"""%x = input column="x" kind="f32[2]"
        %z = input column="z" kind="f64[2]"
        %1 = concat %x %z
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "another reader needs the scaled values",
        f"""%x = input column="x" kind="f64[2]"
        %1 = standardize %x scale=@halves
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "a scaling that flips signs would swap left and right",
        f"""%x = input column="x" kind="f64[2]"
        %1 = affine %x scale=@minus_halves
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "infinity minus infinity is NaN, which takes another branch",
        f"""%x = input column="x" kind="f64[2]"
        %1 = standardize %x mean=@infinities
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "no number is below minus infinity, so no threshold exists",
        f"""%x = input column="x" kind="f64[2]"
        %1 = standardize %x scale=@halves
        %2 = tree_ensemble %1 {TREE.replace("@t:f64[3]", "@least")} strict=true
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "the limits of a check of float32 values are not found in float32",
        f"""%x = input column="x" kind="f32[2]"
        %1 = standardize %x scale=@halves
        %2 = require_finite %1 owner="RandomForestClassifier"
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "a cast and a check alone save no work",
        f"""%x = input column="x" kind="f64[2]"
        %1 = cast %x dtype="f32"
        %2 = require_finite %1 owner="RandomForestClassifier"
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
]
