"""The operators: few and general, one class each; coverage comes from composing them.

Importing this package fills :data:`pretzel.plan.node.OPERATORS`.
"""

from pretzel.plan.ops.categories import Lookup, OneHot, Take
from pretzel.plan.ops.columns import Cast, Column, Concat, Densify, Select
from pretzel.plan.ops.constant import Constant
from pretzel.plan.ops.dense import (
    Affine,
    Clip,
    Elementwise,
    Impute,
    MissingIndicator,
    Normalize,
    RequireFinite,
    Standardize,
)
from pretzel.plan.ops.features import Bin, Power, Products
from pretzel.plan.ops.folded import NormalizedLinear, RequireFiniteProduct, RequireWithin, Sum
from pretzel.plan.ops.heads import ArgMax, ArgMin, LabelLookup, Link, Threshold
from pretzel.plan.ops.inputs import Input
from pretzel.plan.ops.linear import Distances, Linear
from pretzel.plan.ops.quantiles import Interpolate, NormalQuantile
from pretzel.plan.ops.text import CountNgrams, FilterTokens, Lowercase, StripAccents, Tokenize
from pretzel.plan.ops.trees import TreeEnsemble

__all__ = [
    "Affine",
    "ArgMax",
    "ArgMin",
    "Bin",
    "Cast",
    "Clip",
    "Column",
    "Concat",
    "Constant",
    "CountNgrams",
    "Densify",
    "Distances",
    "Elementwise",
    "FilterTokens",
    "Impute",
    "Input",
    "Interpolate",
    "LabelLookup",
    "Linear",
    "Link",
    "Lookup",
    "Lowercase",
    "MissingIndicator",
    "NormalQuantile",
    "Normalize",
    "NormalizedLinear",
    "OneHot",
    "Power",
    "Products",
    "RequireFinite",
    "RequireFiniteProduct",
    "RequireWithin",
    "Select",
    "Standardize",
    "StripAccents",
    "Sum",
    "Take",
    "Threshold",
    "Tokenize",
    "TreeEnsemble",
]
