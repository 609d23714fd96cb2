"""Cases in which rules on scalings and constants must decline, mostly because digits would be lost."""

from tests.compiler.optimize.declines.refusal import ROWS, TREE, Refusal

REFUSALS = [
    Refusal(
        "merge_scalings",
        "seconds since 1970 times the scale lose digits when the shift is added later",
        f"""%{ROWS}
        %1 = affine %x scale=@ones shift=@epoch
        %2 = affine %1 scale=@half
        output "y" = %2""",
    ),
    Refusal(
        "merge_scalings",
        "the last bit matters in front of a cast to integers",
        f"""%{ROWS}
        %1 = affine %x scale=@s:f64[3]
        %2 = affine %1 scale=@u:f64[3]
        %3 = cast %2 dtype="i64"
        output "y" = %3""",
    ),
    Refusal(
        "merge_scalings",
        "float32 is rounded at each step",
        """%x = input column="x" kind="f32[3]"
        %1 = affine %x scale=@s:f64[3]
        %2 = affine %1 scale=@u:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "merge_scalings",
        "a standardization by zero has an infinite scale",
        f"""%{ROWS}
        %1 = standardize %x mean=@ones scale=@zeros
        %2 = affine %1 scale=@half
        output "y" = %2""",
    ),
    Refusal(
        "fold_affine_into_linear",
        "a large shift cancels digits of x w",
        f"""%{ROWS}
        %1 = affine %x scale=@ones shift=@epoch
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "fold_affine_into_linear",
        "1e200 times 1e200 overflows",
        f"""%{ROWS}
        %1 = affine %x scale=@huge
        %2 = linear %1 weights=@huge
        output "y" = %2""",
    ),
    Refusal(
        "fold_affine_into_linear",
        "another reader needs the scaled values, so they are computed anyway",
        f"""%{ROWS}
        %1 = affine %x scale=@s:f64[3]
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "fold_standardize_into_linear",
        "seconds since 1970 with a deviation of seconds: x - m is exact, x w - m w keeps 7 digits",
        f"""%{ROWS}
        %1 = standardize %x mean=@epoch scale=@ones
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "fold_standardize_into_linear",
        "the scaled float32 values are rounded to float32 before the product",
        """%x = input column="x" kind="f32[3]"
        %1 = standardize %x scale=@half
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "fold_scaling_behind_linear",
        "another reader needs the unscaled scores",
        f"""%{ROWS}
        %1 = linear %x weights=@m:f64[3,3]
        %2 = affine %1 scale=@half
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "fold_scaling_behind_linear",
        "trees compare the scaled scores to the last bit",
        f"""%{ROWS}
        %1 = linear %x weights=@m:f64[3,2]
        %2 = affine %1 scale=@s:f64[2]
        %3 = tree_ensemble %2 {TREE}
        output "y" = %3""",
    ),
    Refusal(
        "fold_scaling_behind_linear",
        "a large mean cancels digits of the scores",
        f"""%{ROWS}
        %1 = linear %x weights=@m:f64[3,3]
        %2 = standardize %1 mean=@epoch scale=@ones
        output "y" = %2""",
    ),
    Refusal(
        "fold_constants",
        "only one of the two is a constant",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = concat %1 %x
        output "y" = %2""",
    ),
    Refusal(
        "fold_constants",
        "the last bits of exponentials differ between machines",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = elementwise %1 function="exp"
        output "y" = %2""",
    ),
    Refusal(
        "fold_constants",
        "the integer value of 1e300 depends on the CPU",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = cast %1 dtype="i64"
        output "y" = %2""",
    ),
    Refusal(
        "add_constants_to_bias",
        "a sum of constants is itself constant, which another rule folds",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = sum %1 bias=@half
        output "y" = %2""",
    ),
    Refusal(
        "add_constants_to_bias",
        "float32 sums are rounded at each step",
        """%x = input column="x" kind="f32[3]"
        %1 = constant %x row=@r:f32[1,3]
        %2 = sum %x %1
        output "y" = %2""",
    ),
]
