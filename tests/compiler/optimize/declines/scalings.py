"""Where the rules on scalings and constants keep their hands off: most often, digits would be lost."""

from tests.compiler.optimize.declines.refusal import ROWS, TREE, Refusal

REFUSALS = [
    Refusal(
        "merge_scalings",
        "seconds since 1970 times the scale lose their digits to a shift that comes late",
        f"""%{ROWS}
        %1 = affine %x scale=@ones shift=@epoch
        %2 = affine %1 scale=@half
        output "y" = %2""",
    ),
    Refusal(
        "merge_scalings",
        "in front of trees the last bit decides",
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
        "a standardization by zero divides by nothing, and has no product",
        f"""%{ROWS}
        %1 = standardize %x mean=@ones scale=@zeros
        %2 = affine %1 scale=@half
        output "y" = %2""",
    ),
    Refusal(
        "fold_affine_into_linear",
        "a large shift cancels the digits of x w",
        f"""%{ROWS}
        %1 = affine %x scale=@ones shift=@epoch
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "fold_affine_into_linear",
        "1e200 times 1e200 is no weight",
        f"""%{ROWS}
        %1 = affine %x scale=@huge
        %2 = linear %1 weights=@huge
        output "y" = %2""",
    ),
    Refusal(
        "fold_affine_into_linear",
        "another reader has the scaling made anyway",
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
        "another reader wants the scores as they are",
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
        "a large mean cancels the digits of the scores",
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
        "exponentials have other last bits on other machines",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = elementwise %1 function="exp"
        output "y" = %2""",
    ),
    Refusal(
        "fold_constants",
        "what 1e300 is as an integer, the CPU decides",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = cast %1 dtype="i64"
        output "y" = %2""",
    ),
    Refusal(
        "add_constants_to_bias",
        "of constants alone, the sum is constant, which is another rule's",
        f"""%{ROWS}
        %1 = constant %x row=@r:f64[1,3]
        %2 = sum %1 bias=@half
        output "y" = %2""",
    ),
    Refusal(
        "add_constants_to_bias",
        "float32 sums are rounded one by one",
        """%x = input column="x" kind="f32[3]"
        %1 = constant %x row=@r:f32[1,3]
        %2 = sum %x %1
        output "y" = %2""",
    ),
]
