"""Cases in which rules on checks must decline: a rejected value would pass, or two checks cost more than one."""

from tests.compiler.optimize.declines.refusal import ROWS, Refusal

REFUSALS = [
    Refusal(
        "share_checks",
        "a NaN that one rejects passes the other, and an output may need only the other",
        f"""%{ROWS}
        %1 = require_finite %x owner="PCA"
        %2 = require_finite %x owner="KMeans" allow_nan=true
        output "y" = %1
        output "z" = %2""",
    ),
    Refusal(
        "merge_require_finite",
        "a NaN passes the scaler and is rejected by the classifier",
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
        "a table may contain NaN, or return it for an unknown code",
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
        "another reader takes the unchecked matrix",
        f"""%{ROWS}
        %c = input column="c" kind="i64"
        %1 = one_hot %c width=2
        %2 = concat %x %1
        %3 = require_finite %2 owner="Ridge"
        output "y" = %3
        output "z" = %2""",
    ),
    Refusal(
        "check_before_product",
        "a request may bring infinity, which turns one sum into NaN and not the other",
        f"""%{ROWS}
        %1 = linear %x weights=@m:f64[3,2]
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[2]
        output "y" = %3""",
    ),
    Refusal(
        "check_before_product",
        "another reader needs the components, so they are computed anyway",
        f"""%{ROWS}
        %0 = require_finite %x owner="PCA"
        %1 = linear %0 weights=@m:f64[3,2]
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[2]
        output "y" = %3
        output "z" = %1""",
    ),
    Refusal(
        "check_before_product",
        "a narrow middle stays, and the check with it",
        f"""%{ROWS}
        %0 = require_finite %x owner="PCA"
        %1 = linear %0 weights=@m:f64[3,1]
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[1,3]
        output "y" = %3""",
    ),
    Refusal(
        "check_before_product",
        "the product with an infinite weight is rejected for every row",
        f"""%{ROWS}
        %0 = require_finite %x owner="PCA"
        %1 = linear %0 weights=@infinite
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[1]
        output "y" = %3""",
    ),
    Refusal(
        "check_before_scaling",
        "another reader takes the unchecked scaled values",
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
        "a scaling that flips signs swaps its limits",
        f"""%{ROWS}
        %1 = affine %x scale=@minus
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3""",
    ),
    Refusal(
        "check_before_scaling",
        "float32 would not fold",
        """%x = input column="x" kind="f32[3]"
        %1 = standardize %x scale=@half
        %2 = require_finite %1 owner="Ridge"
        %3 = linear %2 weights=@w:f32[3]
        output "y" = %3""",
    ),
    Refusal(
        "check_product_before_scaling",
        "another reader needs the scaled values, so they are computed anyway",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = require_finite_product %1 weights=@m:f64[3,2] owner="Ridge"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3
        output "z" = %1""",
    ),
    Refusal(
        "check_product_before_scaling",
        "it can apply only one scaling",
        f"""%{ROWS}
        %1 = standardize %x scale=@half
        %2 = require_finite_product %1 weights=@m:f64[3,2] owner="Ridge" scale=@half
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3""",
    ),
    Refusal(
        "check_product_before_scaling",
        "a division by zero is finite for no x",
        f"""%{ROWS}
        %1 = standardize %x scale=@zeros
        %2 = require_finite_product %1 weights=@m:f64[3,2] owner="Ridge"
        %3 = linear %2 weights=@w:f64[3]
        output "y" = %3""",
    ),
]
