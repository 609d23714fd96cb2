"""Where the rules on trees keep their hands off."""

from tests.compiler.optimize.declines.refusal import ROWS, TREE, Refusal

REFUSALS = [
    Refusal(
        "fold_select_into_trees",
        "another reader has the columns chosen anyway, and its rows are shorter",
        f"""%{ROWS}
        %1 = select %x columns=@two
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "drop_unread_parts",
        "a part that no tree reads still refuses its rows",
        f"""%{ROWS}
        %z = input column="z" kind="f64[2]"
        %1 = require_finite %x owner="StandardScaler"
        %2 = concat %z %1
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
    Refusal(
        "drop_unread_parts",
        "the part that no tree reads is what makes the whole float64",
        f"""%x = input column="x" kind="f32[2]"
        %z = input column="z" kind="f64[2]"
        %1 = concat %x %z
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "another reader wants the scaled values",
        f"""%x = input column="x" kind="f64[2]"
        %1 = standardize %x scale=@halves
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "a scaling that turns signs around would have left and right change places",
        f"""%x = input column="x" kind="f64[2]"
        %1 = affine %x scale=@minus_halves
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "infinity minus infinity is NaN, and goes another way",
        f"""%x = input column="x" kind="f64[2]"
        %1 = standardize %x mean=@infinities
        %2 = tree_ensemble %1 {TREE}
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "nothing lies below minus infinity, so no number is the threshold",
        f"""%x = input column="x" kind="f64[2]"
        %1 = standardize %x scale=@halves
        %2 = tree_ensemble %1 {TREE.replace("@t:f64[3]", "@least")} strict=true
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "what a check of float32 values refuses cannot be looked for in float32",
        f"""%x = input column="x" kind="f32[2]"
        %1 = standardize %x scale=@halves
        %2 = require_finite %1 owner="RandomForestClassifier"
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
    Refusal(
        "fold_scaling_into_thresholds",
        "a cast and a check are needed as they are",
        f"""%x = input column="x" kind="f64[2]"
        %1 = cast %x dtype="f32"
        %2 = require_finite %1 owner="RandomForestClassifier"
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
]
