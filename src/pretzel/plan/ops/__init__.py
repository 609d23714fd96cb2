"""The operators: few and general, one class each; coverage comes from composing them.

Importing this package fills :data:`pretzel.plan.node.OPERATORS`.
"""

from pretzel.plan.ops.binary import Arithmetic, Compare, Where
from pretzel.plan.ops.categories import Lookup, OneHot, Take
from pretzel.plan.ops.columns import Cast, Column, Concat, Densify, Select, Sparsify
from pretzel.plan.ops.combine import Combine
from pretzel.plan.ops.compact import CompactLinear
from pretzel.plan.ops.constant import Constant
from pretzel.plan.ops.contributions import TreeContributions
from pretzel.plan.ops.decomposition import MatchingPursuit, Topics
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
from pretzel.plan.ops.density import TreeDensity
from pretzel.plan.ops.features import Bin, Power, Products, Spline
from pretzel.plan.ops.fused import NormalizedLinear, RequireFiniteProduct, RequireWithin, Sum
from pretzel.plan.ops.hashes import CategoryHash, CombineHashes
from pretzel.plan.ops.hashing import HashFeatures, HashNgrams, LookupFeatures
from pretzel.plan.ops.heads import ArgMax, ArgMin, Coupling, LabelLookup, Link, Threshold
from pretzel.plan.ops.inputs import Input
from pretzel.plan.ops.linear import Distances, Linear
from pretzel.plan.ops.neighbors import Barycenter, Blend, Gather, Nearest, NearestInTree, Scatter
from pretzel.plan.ops.objects import ImputeObjects
from pretzel.plan.ops.quantiles import Interpolate, NormalProbability, NormalQuantile, WeightedMedian
from pretzel.plan.ops.reductions import Reduce
from pretzel.plan.ops.text import CountNgrams, FilterTokens, Lowercase, StripAccents, Tokenize
from pretzel.plan.ops.trees import TreeEnsemble

__all__ = [
    "Affine",
    "ArgMax",
    "ArgMin",
    "Arithmetic",
    "Barycenter",
    "Bin",
    "Blend",
    "Cast",
    "CategoryHash",
    "Clip",
    "Column",
    "Combine",
    "CombineHashes",
    "CompactLinear",
    "Compare",
    "Concat",
    "Constant",
    "CountNgrams",
    "Coupling",
    "Densify",
    "Distances",
    "Elementwise",
    "FilterTokens",
    "Gather",
    "HashFeatures",
    "HashNgrams",
    "Impute",
    "ImputeObjects",
    "Input",
    "Interpolate",
    "LabelLookup",
    "Linear",
    "Link",
    "Lookup",
    "LookupFeatures",
    "Lowercase",
    "MatchingPursuit",
    "MissingIndicator",
    "Nearest",
    "NearestInTree",
    "NormalProbability",
    "NormalQuantile",
    "Normalize",
    "NormalizedLinear",
    "OneHot",
    "Power",
    "Products",
    "Reduce",
    "RequireFinite",
    "RequireFiniteProduct",
    "RequireWithin",
    "Scatter",
    "Select",
    "Sparsify",
    "Spline",
    "Standardize",
    "StripAccents",
    "Sum",
    "Take",
    "Threshold",
    "Tokenize",
    "Topics",
    "TreeDensity",
    "TreeContributions",
    "TreeEnsemble",
    "WeightedMedian",
    "Where",
]
