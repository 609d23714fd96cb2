"""Encoders of category_encoders that no table can hold."""

import category_encoders
from category_encoders.wrapper import NestedCVWrapper, PolynomialWrapper

from pretzel.importers.registry import refuses

refuses(
    category_encoders.HashingEncoder,
    reason="it hashes each value by a cryptographic hash",
    remedy="use sklearn.feature_extraction.FeatureHasher, or BinaryEncoder, which knows its categories",
)
refuses(
    category_encoders.MultiHotEncoder,
    reason="it splits each value into items by a delimiter",
    remedy="use CountVectorizer(binary=True) with a token pattern for the items",
)
refuses(
    NestedCVWrapper,
    PolynomialWrapper,
    reason="it holds an encoder for each fold or class",
    remedy="use its encoder alone; JamesSteinEncoder and CountTargetEncoder take several classes",
)
