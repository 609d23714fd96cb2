"""Cases in which rules on columns, casts and selections must decline."""

from tests.compiler.optimize.declines.refusal import ROWS, Refusal

REFUSALS = [
    Refusal(
        "cast_before_concat",
        "for dense parts, one cast of the whole is cheaper",
        """%x = input column="x" kind="i64"
        %z = input column="z" kind="i64"
        %1 = concat %x %z
        %2 = cast %1 dtype="f64"
        output "y" = %2""",
    ),
    Refusal(
        "cast_before_concat",
        "2**53 + 1 next to a float32 was rounded once, and would be rounded differently",
        """%x = input column="x" kind="f32{2}"
        %z = input column="z" kind="f64{2}"
        %1 = concat %x %z
        %2 = cast %1 dtype="f64"
        output "y" = %2""",
    ),
    Refusal(
        "cast_before_concat",
        "1e-50 is stored in a sparse row of float64, but is zero in float32",
        """%x = input column="x" kind="f64{2}"
        %z = input column="z" kind="f64{2}"
        %1 = concat %x %z
        %2 = cast %1 dtype="f32"
        output "y" = %2""",
    ),
    Refusal(
        "count_in_wanted_type",
        "float32 lacks 2**24 + 1: a counter would stop there, a cast rounds",
        """%text = input column="text" kind="str"
        %1 = count_ngrams %text vocabulary=@v:str[3] unit="char" low=1 high=1
        %2 = cast %1 dtype="f32"
        output "y" = %2""",
    ),
    Refusal(
        "flatten_concat",
        "i16 and u16 promote to i32, which with f32 promotes to f64; all three at once to f32",
        """%f = input column="f" kind="f32"
        %i = input column="i" kind="i16"
        %u = input column="u" kind="u16"
        %1 = concat %i %u
        %2 = concat %f %1
        output "y" = %2""",
    ),
    Refusal(
        "flatten_concat",
        "another reader needs the inner one, so it is computed anyway",
        f"""%{ROWS}
        %z = input column="z" kind="f64"
        %1 = concat %x %z
        %2 = concat %1 %z
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "merge_selects",
        "another reader needs the first selection, so it is computed anyway",
        f"""%{ROWS}
        %1 = select %x columns=@two
        %2 = select %1 columns=@first
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "column_of_concat",
        "the integer became a float next to one",
        f"""%{ROWS}
        %i = input column="i" kind="i64"
        %1 = concat %x %i
        %2 = column %1 index=3
        output "y" = %2""",
    ),
    Refusal(
        "column_of_concat",
        "a NaN in the other part is still rejected",
        f"""%{ROWS}
        %1 = require_finite %x owner="PCA"
        %z = input column="z" kind="f64"
        %2 = concat %1 %z
        %3 = column %2 index=3
        output "y" = %3""",
    ),
    Refusal(
        "column_before_columnwise",
        "another reader needs the whole scaled matrix, so it is computed anyway",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = column %1 index=1
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "column_before_columnwise",
        "a NaN among the other texts is also rejected",
        """%x = input column="x" kind="str[3]"
        %1 = impute %x fill=@f:str[3] missing_none=true
        %2 = column %1 index=1
        output "y" = %2""",
    ),
    Refusal(
        "drop_empty_parts",
        "the empty part makes the whole sparse",
        f"""%{ROWS}
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=0
        %2 = concat %x %1
        output "y" = %2""",
    ),
    Refusal(
        "drop_empty_parts",
        "a NaN is rejected although no column is selected",
        f"""%{ROWS}
        %1 = require_finite %x owner="Ridge"
        %2 = select %1 columns=@none
        %3 = concat %x %2
        output "y" = %3""",
    ),
    Refusal(
        "select_before_columnwise",
        "another reader needs the whole scaled matrix, so it is computed anyway",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = select %1 columns=@two
        output "y" = %2
        output "z" = %1""",
    ),
    Refusal(
        "select_before_columnwise",
        "a column selected twice would be scaled twice",
        """%x = input column="x" kind="f64[2]"
        %1 = affine %x scale=@s:f64[2]
        %2 = select %1 columns=@again
        output "y" = %2""",
    ),
    Refusal(
        "select_before_columnwise",
        "a NaN among unselected texts is also rejected",
        """%x = input column="x" kind="str[3]"
        %1 = impute %x fill=@f:str[3] missing_none=true
        %2 = select %1 columns=@two
        output "y" = %2""",
    ),
    Refusal(
        "push_select_through_concat",
        "a permutation would need a part per column",
        f"""%{ROWS}
        %z = input column="z" kind="f64[2]"
        %1 = concat %x %z
        %2 = select %1 columns=@shuffled
        output "y" = %2""",
    ),
    Refusal(
        "push_select_through_concat",
        "the dropped part made the others floats",
        f"""%{ROWS}
        %i = input column="i" kind="i64[2]"
        %1 = concat %x %i
        %2 = select %1 columns=@of_i
        output "y" = %2""",
    ),
    Refusal(
        "push_select_through_concat",
        "a NaN in a part without selected columns is still rejected",
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
        "a single column becomes a matrix only by concatenation",
        """%x = input column="x" kind="f64"
        %1 = concat %x
        output "y" = %1""",
    ),
]
