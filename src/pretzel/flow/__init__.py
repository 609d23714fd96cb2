"""Pipelines written by hand: typed inputs, steps as methods, parameters as arrays; for models trained elsewhere.

from pretzel import flow

x = flow.numbers(4)
scores = x.standardize(mean, scale).linear(weights, bias)
pipeline = flow.pipeline(predict=scores.argmax().labels(["no", "perhaps", "yes"]), predict_proba=scores.softmax())
pipeline.compile().predict(X)
"""

from pretzel.flow.code import code, parameters
from pretzel.flow.inputs import Table, input, number, numbers, records, sparse, table, text, tokens
from pretzel.flow.pipeline import Pipeline, pipeline
from pretzel.flow.weights import weights
from pretzel.plan.builder import Value, apply, array, concat, describe, of, where

__all__ = [
    "Pipeline",
    "Table",
    "Value",
    "apply",
    "array",
    "code",
    "concat",
    "describe",
    "input",
    "number",
    "numbers",
    "of",
    "parameters",
    "pipeline",
    "records",
    "sparse",
    "table",
    "text",
    "tokens",
    "weights",
    "where",
]
