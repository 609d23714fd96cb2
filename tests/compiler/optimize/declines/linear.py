"""Cases in which rules on linear models and norms must decline."""

from tests.compiler.optimize.declines.refusal import COUNTS, ROWS, Refusal

REFUSALS = [
    Refusal(
        "drop_unweighted_parts",
        "a request may bring infinity, and zero times infinity is NaN",
        """%a = input column="a" kind="f64"
        %b = input column="b" kind="f64[2]"
        %1 = concat %a %b
        %2 = linear %1 weights=@first_only
        output "y" = %2""",
    ),
    Refusal(
        "drop_unweighted_parts",
        "an unknown category is rejected for any weight",
        """%a = input column="a" kind="f64"
        %b = input column="b" kind="str"
        %1 = lookup %b keys=@k:str[2] refuse_unknown=true
        %2 = one_hot %1 width=2
        %3 = concat %a %2
        %4 = linear %3 weights=@first_only
        output "y" = %4""",
    ),
    Refusal(
        "drop_unweighted_parts",
        "without any weight the result is constant, which another rule folds",
        """%c = input column="c" kind="i64"
        %1 = one_hot %c width=1
        %2 = one_hot %c width=2
        %3 = concat %1 %2
        %4 = linear %3 weights=@zeros
        output "y" = %4""",
    ),
    Refusal(
        "push_linear_through_concat",
        "dense parts are copied faster than their products are summed",
        f"""%{ROWS}
        %z = input column="z" kind="f64"
        %1 = concat %x %z
        %2 = linear %1 weights=@w:f64[4]
        output "y" = %2""",
    ),
    Refusal(
        "push_linear_through_concat",
        "in float32 each partial sum is rounded to 1e-7",
        """%x = input column="x" kind="f32[3]"
        %s = input column="s" kind="f32{2}"
        %1 = concat %x %s
        %2 = linear %1 weights=@w:f32[5]
        output "y" = %2""",
    ),
    Refusal(
        "push_linear_through_concat",
        "the product of a float32 part next to a float64 one would be rounded to float32",
        f"""%{ROWS}
        %s = input column="s" kind="f32{{2}}"
        %1 = concat %x %s
        %2 = linear %1 weights=@w:f32[5]
        output "y" = %2""",
    ),
    Refusal(
        "push_linear_through_concat",
        "integers become floats only next to floats",
        f"""%{ROWS}
        %s = input column="s" kind="f64{{2}}"
        %i = input column="i" kind="i64"
        %1 = concat %x %s %i
        %2 = linear %1 weights=@w:f64[6]
        output "y" = %2""",
    ),
    Refusal(
        "push_linear_through_concat",
        "an exact comparison of the score depends on its last bit",
        f"""%{ROWS}
        %s = input column="s" kind="f64{{2}}"
        %1 = concat %x %s
        %2 = linear %1 weights=@m:f64[5,2]
        %3 = impute %2 fill=@fill missing=0.0
        output "y" = %3""",
    ),
    Refusal(
        "skip_densify_before_linear",
        "zero times an infinite weight is NaN",
        """%x = input column="x" kind="f64{3}"
        %1 = densify %x
        %2 = linear %1 weights=@infinite
        output "y" = %2""",
    ),
    Refusal(
        "skip_densify_before_linear",
        "float32 sums in another order differ by 1e-7",
        """%x = input column="x" kind="f32{3}"
        %1 = densify %x
        %2 = linear %1 weights=@w:f32[3]
        output "y" = %2""",
    ),
    Refusal(
        "skip_densify_before_linear",
        "absent values are NaN, and so is the sum",
        """%x = input column="x" kind="f64{3}"
        %1 = densify %x absent=NaN
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "skip_densify_before_linear",
        "of two values in one column the last counts, but the product adds them",
        """%x = input column="x" kind="f64{3}"
        %1 = densify %x repeats="last"
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "fold_select_into_linear",
        "zero times an infinity in an unselected column is NaN",
        """%x = input column="x" kind="f64{3}"
        %1 = select %x columns=@two
        %2 = linear %1 weights=@w:f64[2]
        output "y" = %2""",
    ),
    Refusal(
        "fold_select_into_linear",
        "in dense rows the unselected columns would be multiplied too",
        f"""%{ROWS}
        %1 = select %x columns=@two
        %2 = linear %1 weights=@w:f64[2]
        output "y" = %2""",
    ),
    Refusal(
        "fold_linear_into_linear",
        "x = inf: the inner sums are inf - inf, the product of the weights may be positive",
        f"""%{ROWS}
        %1 = linear %x weights=@m:f64[3,2]
        %2 = linear %1 weights=@w:f64[2]
        output "y" = %2""",
    ),
    Refusal(
        "fold_linear_into_linear",
        "two steps through a narrow middle are cheaper",
        f"""{COUNTS}
        %1 = linear %x weights=@m:f64[3,1]
        %2 = linear %1 weights=@w:f64[1,3]
        output "y" = %2""",
    ),
    Refusal(
        "norm_after_dot",
        "x = 1e200 and w = 1e200: the product overflows before the norm divides it",
        """%x = input column="x" kind="f64{3}"
        %1 = normalize %x norm="l2"
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "norm_after_dot",
        "a dense row whose norm is below ten epsilons is not divided",
        f"""{COUNTS}
        %1 = densify %x
        %2 = normalize %1 norm="l2"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3""",
    ),
    Refusal(
        "norm_after_dot",
        "quotients of float32 rows are rounded to float32",
        """%text = input column="text" kind="str"
        %x = count_ngrams %text vocabulary=@v:str[3] unit="char" low=1 high=1 dtype="f32"
        %1 = normalize %x norm="l2"
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "norm_after_dot",
        "a row of 1e-300 has an l1 norm, and its products with small weights underflow",
        f"""{COUNTS}
        %1 = normalize %x norm="l1"
        %2 = linear %1 weights=@w:f64[3]
        output "y" = %2""",
    ),
    Refusal(
        "norm_after_dot",
        "the product with a weight of 1e-200 underflows unless the norm divides the value first",
        f"""{COUNTS}
        %1 = normalize %x norm="l2"
        %2 = linear %1 weights=@tiny
        output "y" = %2""",
    ),
    Refusal(
        "linear_of_zeros_is_constant",
        "a request may bring infinity, and zero times infinity is NaN",
        f"""%{ROWS}
        %1 = linear %x weights=@zeros
        output "y" = %1""",
    ),
    Refusal(
        "linear_of_zeros_is_constant",
        "an unknown category is rejected for any weight",
        """%b = input column="b" kind="str"
        %1 = lookup %b keys=@k:str[3] refuse_unknown=true
        %2 = one_hot %1 width=3
        %3 = linear %2 weights=@zeros
        output "y" = %3""",
    ),
    Refusal(
        "linear_of_zeros_is_constant",
        "some weights are zero",
        f"""{COUNTS}
        %1 = linear %x weights=@first_only
        output "y" = %1""",
    ),
]
