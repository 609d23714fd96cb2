"""Where a rule must keep its hands off: each refusal with the definition that a rewrite would break, or make dearer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from pretzel.control_plane.optimize import RULES
from pretzel.control_plane.optimize.driver import apply
from pretzel.plan.parameter import Parameter
from pretzel.plan.render import parse
from tests.control_plane.optimize.texts import symbols

ALWAYS_RIGHT = {"column_of_select", "linear_of_one_hot_is_take"}
COUNTS = """
    %text = input column="text" kind="str"
    %x = count_ngrams %text vocabulary=@v:str[3] unit="char" low=1 high=1 dtype="f64"
"""
TREE = (
    "roots=@roots feature=@feature threshold=@t:f64[3] left=@left right=@right"
    " missing_left=@missing leaves=@v:f64[2] base=@b:f64[1]"
)
ROWS = 'x = input column="x" kind="f64[3]"'


@dataclass(frozen=True)
class Refusal:
    """A definition that ``rule`` must leave as it is."""

    rule: str
    why: str
    text: str


REFUSALS = [
    Refusal(
        "cast_before_concat",
        "of dense parts, one cast of the whole is cheaper",
        """%x = input column="x" kind="i64"
        %z = input column="z" kind="i64"
        %1 = concat %x %z
        %2 = cast %1 dtype="f64"
        output "y" = %2""",
    ),
    Refusal(
        "cast_before_concat",
        "2**53 + 1 beside a float32 was rounded once, and would be rounded otherwise",
        """%x = input column="x" kind="f32{2}"
        %z = input column="z" kind="f64{2}"
        %1 = concat %x %z
        %2 = cast %1 dtype="f64"
        output "y" = %2""",
    ),
    Refusal(
        "cast_before_concat",
        "1e-50 is stored in a sparse row of float64, and in one of float32 it is a zero",
        """%x = input column="x" kind="f64{2}"
        %z = input column="z" kind="f64{2}"
        %1 = concat %x %z
        %2 = cast %1 dtype="f32"
        output "y" = %2""",
    ),
    Refusal(
        "share_checks",
        "a NaN that one refuses passes the other, and an output may need that one alone",
        f"""%{ROWS}
        %1 = require_finite %x owner="PCA"
        %2 = require_finite %x owner="KMeans" allow_nan=true
        output "y" = %1
        output "z" = %2""",
    ),
    Refusal(
        "merge_require_finite",
        "a NaN passes the scaler and is refused by the classifier",
        f"""%{ROWS}
        %1 = require_finite %x owner="StandardScaler" allow_nan=true
        %2 = require_finite %1 owner="Ridge"
        output "y" = %2""",
    ),
    Refusal(
        "drop_proven_require_finite",
        "a request may bring NaN",
        f"""%{ROWS}
        %1 = require_finite %x owner="Ridge"
        output "y" = %1""",
    ),
    Refusal(
        "drop_proven_require_finite",
        "1e308 divided by a scale of 0.5 is infinite, though it was finite before",
        f"""%{ROWS}
        %1 = require_finite %x owner="StandardScaler"
        %2 = standardize %1 scale=@half
        %3 = require_finite %2 owner="Ridge"
        output "y" = %3""",
    ),
    Refusal(
        "drop_proven_require_finite",
        "a table may hold NaN, or give it for an unknown code",
        """%c = input column="c" kind="i64"
        %1 = take %c table=@w:f64[3]
        %2 = require_finite %1 owner="Ridge"
        output "y" = %2""",
    ),
    Refusal(
        "check_parts_before_concat",
        "none of the parts is proven: two checks cost more than one",
        f"""%{ROWS}
        %z = input column="z" kind="f64"
        %1 = concat %x %z
        %2 = require_finite %1 owner="Ridge"
        output "y" = %2""",
    ),
    Refusal(
        "check_parts_before_concat",
        "another reader takes the matrix unchecked",
        f"""%{ROWS}
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=2
        %2 = concat %x %1
        %3 = require_finite %2 owner="Ridge"
        output "y" = %3
        output "z" = %2""",
    ),
    Refusal(
        "check_before_scaling",
        "another reader takes the scaled values unchecked",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3
        output "z" = %1""",
    ),
    Refusal(
        "check_before_scaling",
        "division by zero is finite for no x",
        f"""%{ROWS}
        %1 = standardize %x scale=@zeros
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3""",
    ),
    Refusal(
        "check_before_scaling",
        "a scaling that turns signs around has its ends the other way around",
        f"""%{ROWS}
        %1 = affine %x scale=@minus
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3""",
    ),
    Refusal(
        "check_before_scaling",
        "float32 is not folded afterwards",
        """%x = input column="x" kind="f32[3]"
        %1 = standardize %x scale=@half
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f32[3]
        output "y" = %3""",
    ),
    Refusal(
        "flatten_concat",
        "i16 beside u16 is i32, and that beside f32 is f64; all three at once are f32",
        """%f = input column="f" kind="f32"
        %i = input column="i" kind="i16"
        %u = input column="u" kind="u16"
        %1 = concat %i %u
        %2 = concat %f %1
        output "y" = %2""",
    ),
    Refusal(
        "flatten_concat",
        "another reader has the inner one made anyway",
        f"""%{ROWS}
        %z = input column="z" kind="f64"
        %1 = concat %x %z
        %2 = concat %1 %z
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "merge_selects",
        "another reader has the first selection made anyway",
        f"""%{ROWS}
        %1 = select %x columns=@two
        %2 = select %1 columns=@first
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "column_of_concat",
        "beside a float the integer became a float",
        f"""%{ROWS}
        %i = input column="i" kind="i64"
        %1 = concat %x %i
        %2 = column %1 index=3
        output "y" = %2""",
    ),
    Refusal(
        "push_select_through_concat",
        "a shuffle would need a part for every column",
        f"""%{ROWS}
        %z = input column="z" kind="f64[2]"
        %1 = concat %x %z
        %2 = select %1 columns=@shuffled
        output "y" = %2""",
    ),
    Refusal(
        "push_select_through_concat",
        "the part that is dropped made the others floats",
        f"""%{ROWS}
        %i = input column="i" kind="i64[2]"
        %1 = concat %x %i
        %2 = select %1 columns=@of_i
        output "y" = %2""",
    ),
    Refusal(
        "column_of_concat",
        "a NaN in the other part is still refused",
        f"""%{ROWS}
        %1 = require_finite %x owner="PCA"
        %z = input column="z" kind="f64"
        %2 = concat %1 %z
        %3 = column %2 index=3
        output "y" = %3""",
    ),
    Refusal(
        "push_select_through_concat",
        "a NaN in the part that none is chosen from is still refused",
        f"""%{ROWS}
        %1 = require_finite %x owner="PCA"
        %z = input column="z" kind="f64[2]"
        %2 = concat %1 %z
        %3 = select %2 columns=@of_i
        output "y" = %3""",
    ),
    Refusal(
        "drop_noop",
        "-0.0 + 0.0 is 0.0, and their reciprocals differ",
        f"""%{ROWS}
        %1 = affine %x scale=@ones shift=@zeros
        output "y" = %1""",
    ),
    Refusal(
        "drop_noop",
        "-0.0 - -0.0 is 0.0",
        f"""%{ROWS}
        %1 = standardize %x mean=@minus_zeros
        output "y" = %1""",
    ),
    Refusal(
        "drop_noop",
        "one column of its own is a matrix only once concatenated",
        """%x = input column="x" kind="f64"
        %1 = concat %x
        output "y" = %1""",
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
        "a float32 part beside a float64 one has its product rounded to float32 by itself",
        f"""%{ROWS}
        %s = input column="s" kind="f32{{2}}"
        %1 = concat %x %s
        %2 = linear %1 weights=@w:f32[5]
        output "y" = %2""",
    ),
    Refusal(
        "push_linear_through_concat",
        "whole numbers are floats only once they stand beside floats",
        f"""%{ROWS}
        %s = input column="s" kind="f64{{2}}"
        %i = input column="i" kind="i64"
        %1 = concat %x %s %i
        %2 = linear %1 weights=@w:f64[6]
        output "y" = %2""",
    ),
    Refusal(
        "push_linear_through_concat",
        "a tree compares the score with a threshold, and the last bit decides",
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
        "fold_select_into_linear",
        "zero times the infinity of a column that was not chosen is NaN",
        """%x = input column="x" kind="f64{3}"
        %1 = select %x columns=@two
        %2 = linear %1 weights=@w:f64[2]
        output "y" = %2""",
    ),
    Refusal(
        "fold_select_into_linear",
        "of dense rows the columns not chosen would be multiplied too",
        f"""%{ROWS}
        %1 = select %x columns=@two
        %2 = linear %1 weights=@w:f64[2]
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
        "the quotients of float32 rows are rounded to float32",
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
        "a weight of 1e-200 underflows against a value that the norm would have made larger",
        f"""{COUNTS}
        %1 = normalize %x norm="l2"
        %2 = linear %1 weights=@tiny
        output "y" = %2""",
    ),
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
        "fold_linear_into_linear",
        "x = inf: the inner sums give inf - inf, the product of the weights may be positive",
        f"""%{ROWS}
        %1 = linear %x weights=@m:f64[3,2]
        %2 = linear %1 weights=@w:f64[2]
        output "y" = %2""",
    ),
    Refusal(
        "fold_linear_into_linear",
        "a narrow waist is worth its two steps",
        f"""{COUNTS}
        %1 = linear %x weights=@m:f64[3,1]
        %2 = linear %1 weights=@w:f64[1,3]
        output "y" = %2""",
    ),
    Refusal(
        "count_in_wanted_type",
        "2**24 + 1 is no float32: counting up stops where a cast rounds",
        """%text = input column="text" kind="str"
        %1 = count_ngrams %text vocabulary=@v:str[3] unit="char" low=1 high=1
        %2 = cast %1 dtype="f32"
        output "y" = %2""",
    ),
    Refusal(
        "drop_empty_parts",
        "the empty part is what makes the whole sparse",
        f"""%{ROWS}
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=0
        %2 = concat %x %1
        output "y" = %2""",
    ),
    Refusal(
        "drop_empty_parts",
        "a NaN is refused though none of its columns is chosen",
        f"""%{ROWS}
        %1 = require_finite %x owner="Ridge"
        %2 = select %1 columns=@none
        %3 = concat %x %2
        output "y" = %3""",
    ),
    Refusal(
        "select_before_columnwise",
        "another reader has the whole scaled anyway",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = select %1 columns=@two
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "select_before_columnwise",
        "a column chosen twice would be scaled twice",
        """%x = input column="x" kind="f64[2]"
        %1 = affine %x scale=@s:f64[2]
        %2 = select %1 columns=@again
        output "y" = %2""",
    ),
    Refusal(
        "select_before_columnwise",
        "a NaN among the texts that are not chosen is refused too",
        """%x = input column="x" kind="str[3]"
        %1 = impute %x fill=@f:str[3] missing_none=true
        %2 = select %1 columns=@two
        output "y" = %2""",
    ),
    Refusal(
        "column_before_columnwise",
        "another reader has the whole scaled anyway",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = column %1 index=1
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "column_before_columnwise",
        "a NaN among the other texts is refused too",
        """%x = input column="x" kind="str[3]"
        %1 = impute %x fill=@f:str[3] missing_none=true
        %2 = column %1 index=1
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
        "drop_unweighted_parts",
        "zero times the infinity that a request may bring is NaN",
        """%a = input column="a" kind="f64"
        %b = input column="b" kind="f64[2]"
        %1 = concat %a %b
        %2 = linear %1 weights=@first_only
        output "y" = %2""",
    ),
    Refusal(
        "drop_unweighted_parts",
        "an unknown category is refused whatever its weight",
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
        "of no weights at all, everything is constant, which is another rule's",
        """%c = input column="c" kind="i64"
        %1 = one_hot %c width=1
        %2 = one_hot %c width=2
        %3 = concat %1 %2
        %4 = linear %3 weights=@zeros
        output "y" = %4""",
    ),
    Refusal(
        "linear_of_zeros_is_constant",
        "zero times the infinity that a request may bring is NaN",
        f"""%{ROWS}
        %1 = linear %x weights=@zeros
        output "y" = %1""",
    ),
    Refusal(
        "linear_of_zeros_is_constant",
        "an unknown category is refused whatever its weight",
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
        "merge_scalings",
        "a standardization by zero divides by nothing, and has no product",
        f"""%{ROWS}
        %1 = standardize %x mean=@ones scale=@zeros
        %2 = affine %1 scale=@half
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
VALUES = {
    "none": np.zeros(0, np.int64),
    "again": np.array([1, 0, 1]),
    "first_only": np.array([2.0, 0.0, 0.0]),
    "halves": np.full(2, 0.5),
    "minus_halves": np.full(2, -0.5),
    "infinities": np.full(2, np.inf),
    "least": np.full(3, -np.inf),
    "roots": np.array([0], np.int32),
    "feature": np.array([0, 0, 0], np.int32),
    "left": np.array([1, -1, -1], np.int32),
    "right": np.array([2, 0, 1], np.int32),
    "missing": np.array([True, False, False]),
    "half": np.full(3, 0.5),
    "ones": np.ones(3),
    "minus": -np.ones(3),
    "zeros": np.zeros(3),
    "minus_zeros": np.full(3, -0.0),
    "epoch": np.full(3, 1.7e9),
    "huge": np.full(3, 1e200),
    "tiny": np.full(3, 1e-200),
    "infinite": np.array([1.0, np.inf, 2.0]),
    "two": np.array([0, 2]),
    "first": np.array([0]),
    "of_i": np.array([3, 4]),
    "shuffled": np.array([0, 3, 1, 4, 2]),
    "fill": np.zeros(2),
}


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: f"{refusal.rule}: {refusal.why}")
def test_a_rule_declines(refusal: Refusal) -> None:
    rule = next(rule for rule in RULES if rule.name == refusal.rule)
    values = VALUES | symbols(refusal.text)
    definition = parse(refusal.text, {name: Parameter.of(value) for name, value in values.items()})
    assert apply(rule, definition) is definition


def test_every_rule_that_can_be_wrong_declines_somewhere() -> None:
    assert {refusal.rule for refusal in REFUSALS} | ALWAYS_RIGHT == {rule.name for rule in RULES}
