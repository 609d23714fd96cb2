"""Why a served estimator is slower than its library at some size: by class, for the table; a test keeps it current."""

from __future__ import annotations

_ONE_TREE = "one small tree: columns are ranked before they are compared, which pays from a few trees on"
_CONSTANT = "a constant is written row by row, where NumPy fills an array"
_RECORDS = "names and values are read from dictionaries in Python, which the library does in compiled code"

CAUSES: dict[str, str] = {
    "DecisionTreeRegressor": _ONE_TREE,
    "DictVectorizer": _RECORDS,
    "DummyClassifier": _CONSTANT,
    "DummyRegressor": _CONSTANT,
    "ExtraTreeClassifier": _ONE_TREE,
    "FeatureHasher": _RECORDS,
}
