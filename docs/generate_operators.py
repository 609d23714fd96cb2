"""Write operators.md: for each estimator of each library its supported methods, and its limits with reasons.

Support is read from the registry of importers and by exporting the examples of the tests; limits are read from the
refusals that the source of each importer can reach.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import sklearn
from sklearn.experimental import enable_halving_search_cv  # noqa: F401, listed even if nothing else enables it
from sklearn.utils import all_estimators
from threadpoolctl import threadpool_limits

from pretzel.errors import UnsupportedError
from pretzel.importers import IMPORTERS, definition_of, differences
from pretzel.importers.differences import DIFFERENCES, Difference
from pretzel.importers.families import load_rest
from pretzel.importers.registry import REFUSED
from pretzel.importers.rounding import DIVIDERS, READERS
from pretzel.plan.multioutput import methods_of
from tests.importers.sklearn.examples import Example, examples

PAGE = Path(__file__).with_name("operators.md")
ORDER = (
    "transform",
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "contributions",
    "interactions",
)
HEAD = """# Estimators

Of the {total} estimators of scikit-learn {version} with `predict`, `transform` or `score_samples`, {served} are
supported, each with the methods listed here, and answer exactly as the library. Exporting an unsupported option raises
an error that names the step, the option, the reason and a remedy. All other options are honoured.

A subclass of one of these, or of a boosting library's, is supported like its base if it and its mixins redefine only
fitting (`__init__`, `fit...`, `partial_fit`, `score`, parameters), display or pickling, and add no attribute that
other estimators look for. Any other redefinition is an error that names the class and the attribute.

This page is generated: `make docs` writes it from the registry of importers, and a test compares it.

| Estimator | Module | Supported | Not supported |
| --- | --- | --- | --- |
"""
BOOSTING = ("catboost", "lightgbm", "xgboost")
OTHERS = """
## Boosting libraries

Estimators, standalone models, and files in the libraries' own formats: CatBoost {catboost}, LightGBM
{lightgbm}, XGBoost {xgboost}. Files are read without the library that wrote them. [onnx.md](onnx.md) lists the
operators of ONNX files.

| Estimator | Module | Supported | Not supported |
| --- | --- | --- | --- |
"""
NOT_FITTED = "it is not fitted"
"""The reason that every importer may give."""
FURTHER = {
    "category_encoders": "category_encoders",
    "feature_engine": "feature_engine",
    "imblearn": "imbalanced-learn",
    "interpret": "interpret",
    "mlxtend": "mlxtend",
    "skrub": "skrub",
}
"""The libraries of steps and models around scikit-learn's, by the name of their module."""
LIBRARIES = """
## Further libraries

{about}

| Estimator | Module | Supported | Not supported |
| --- | --- | --- | --- |
"""
MAY_DIFFER = """
## Where answers may differ all the same

Some answers depend on the library's machine, its threads or the other rows of the batch, so that they cannot be
reproduced. A model with such a step raises `pretzel.AnswersMayDifferWarning` when it is compiled or exported, or
deployed without a sample; the warning names the step, the reason and the remedy, as do `describe`, `pretzel.check`, and
the error of a failed verification.

"""
REFUSALS = """
## Requests on which Pretzel and the library differ

- *Overflow.* `KNeighborsClassifier` by distance, `Isomap` and `LocallyLinearEmbedding` raise an error if squares of
  rows beyond 1e150 overflow; Pretzel returns an answer.
- *Infinities and unseen labels.* `SplineTransformer` rejects infinities, and numbers whose splines overflow, for which
  the library returns NaN; `LabelBinarizer` of two classes rejects an unseen label.
- *Tables.* XGBoost rejects a pandas table with its columns in another order; Pretzel reads it by name, like CatBoost.
  Where the library reads such a table by position (LightGBM, XGBoost and interpret given polars or Arrow, a boosting
  library behind another estimator, mlxtend, `FunctionTransformer`), or may (classes of users), Pretzel rejects it.
- *Categories.* LightGBM and XGBoost trained without categories read codes of type `category`, and trained on categories
  that are numbers, the numbers of inputs other than pandas as codes; Pretzel rejects these, unless they are 0, 1, ...
- *Bytes.* Long doubles, float32 in the other byte order, and for LightGBM and XGBoost all numbers in it, are rejected.
- *Rows without any value.* `IterativeImputer` fills them depending on other rows of the request: they are rejected.
- *Integers.* NumPy computes functions of small integers in float16 or float32, and squares or reciprocals of integers
  in integers. A `FunctionTransformer` that reads its input unconverted rejects integers for which that changes the
  values.
- *Sparse matrices.* A matrix is rejected if the first estimator rejects it, for most estimators by its tags
  (`input_tags.sparse`); a few that accept it in other cases only (`SimpleImputer(missing_values=0)`, kernels of
  distances) are given zeros instead.
- *Single precision.* Sums of float32 agree to the rounding of such sums: 2e-6 of the largest sum of the sizes of their
  terms. Where terms cancel (a network or a linear model of unscaled float32 features), fewer digits of the result
  agree, as they would between two machines of the library.
- *Functions of users.* `.astype(int)` of an array, in a function that is traced, rejects NaN, infinity and what the
  type does not hold; NumPy returns a number that depends on the processor. A list that a function returns as the
  model's own answer is an array.
- *Further columns.* A table with further columns, or with another index than 0, 1, 2, ..., is rejected if the answer
  of a function of the model depends on them: a sum over all columns, a series joined by the index, columns by position.
- *Types of columns.* A column of a type for which the library returns other values than for plain numbers and texts is
  rejected: columns of pandas' extension types and polars for some functions of users and steps of feature_engine, small
  integers where it adds them, booleans for encoders that look up numbers, categories where skrub cleans texts.
- *Dictionaries.* Explainable boosting machines read no list of dictionaries as rows with these names; Pretzel does.
- *Sparse results.* A transformer that was deployed with dense rows, or that reads only dense ones, returns an array for
  sparse rows, where scikit-learn may return a sparse matrix of equal values; one that was deployed with sparse rows
  rejects dense ones, and in process returns a sparse matrix.
- *Files of CatBoost.* A file answers as the `CatBoostClassifier` or `CatBoostRegressor` that loads it, by its loss; a
  plain `CatBoost` returns raw scores.
- *Dates.* Functions of users and encoders read columns of dates; other steps reject them, also trees, whose answers
  would depend on the unit of the column. Fields of dates are floats in every batch. Encoders do not serve categories
  with NaT.
- *One row.* `SparsePCA` and `MiniBatchSparsePCA` return one dimension for it; Pretzel returns a table of one row.
- *Half precision.* float16 is rejected: some steps of the libraries compute in it, others do not.
"""


def page() -> str:
    """Return the whole page."""
    methods = served_methods(examples())  # first, because it enables experimental estimators of scikit-learn
    for name in FURTHER:
        import_module(f"pretzel.importers.{name}")
    load_rest()
    kinds = [kind for _, kind in all_estimators() if any(hasattr(kind, method) for method in ORDER)]
    rows = [_row(kind, methods) for kind in kinds]
    served = sum(kind in IMPORTERS for kind in kinds)
    head = HEAD.format(total=len(kinds), served=served, version=sklearn.__version__)
    return head + "".join(rows) + _boosting() + _further() + MAY_DIFFER + "".join(_differences()) + REFUSALS


def _differences() -> Iterator[str]:
    """Return a paragraph per cause of different answers: its condition, reason, remedy and estimators."""
    named = {kind: noted(importer) for kind, importer in IMPORTERS.items() if not hasattr(kind, "stands_for")}
    for kind in named.keys() & READERS.keys():
        named[kind].add(differences.ROUNDED_THRESHOLDS)
    for kind in named.keys() & DIVIDERS.keys():
        named[kind] |= {differences.ROUNDED_DIRECTIONS, differences.ROUNDED_SINGLES}
    for difference in DIFFERENCES:
        line = (
            f"*{difference.title}*, noted where {difference.said}: {difference.reason}. Remedy: {difference.remedy}. "
        )
        kinds = sorted({f"`{kind.__name__}`" for kind, differ in named.items() if difference in differ})
        yield textwrap.fill(line + f"In {', '.join(kinds)}.", 120, initial_indent="- ", subsequent_indent="  ")
        yield "\n"


def noted(importer: Callable[..., Any]) -> set[Difference]:
    """Return the differences that an importer can note."""
    calls = (call for function in _reached(importer) for call in _of(ast.Call, function))
    named = [call.args[0] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "may_differ"]
    entries = [name.value for name in named if isinstance(name, ast.Attribute)]
    return {getattr(differences, entry.id) for entry in entries if isinstance(entry, ast.Name)}


def _boosting() -> str:
    listed = [e for name in BOOSTING for e in import_module(f"tests.importers.{name}.examples").EXAMPLES]
    methods = served_methods(listed)
    kinds = sorted(methods, key=lambda kind: (kind.__module__.partition(".")[0], kind.__name__))
    return OTHERS.format_map({name: version(name) for name in BOOSTING}) + "".join(_row(k, methods) for k in kinds)


def _further() -> str:
    rows = []
    for name in FURTHER:
        listed = import_module(f"tests.importers.{name}.examples").EXAMPLES
        methods = served_methods(listed)
        refused = {kind for kind in REFUSED if kind.__module__.partition(".")[0] == name}
        rows += [_row(kind, methods) for kind in sorted({*methods, *refused}, key=lambda kind: kind.__name__)]
    versions = ", ".join(f"{title} {version(name)}" for name, title in FURTHER.items())
    about = f"{versions}. A pipeline may hold their steps between scikit-learn's own. Each is an extra of the package, "
    about += f"by the name of its module: `pip install 'pretzel[{next(iter(FURTHER))}]'`."
    return LIBRARIES.format(about=textwrap.fill(about, 120)) + "".join(rows)


def version(name: str) -> str:
    """Return the installed version of a library."""
    return str(import_module(name).__version__)


def served_methods(many: Iterable[Example]) -> dict[type, list[str]]:
    """Return the methods that the examples of each estimator export."""
    methods: dict[type, set[str]] = {}
    with threadpool_limits(1):
        for example in many:
            estimator, x = example.fitted()
            try:
                methods.setdefault(example.kind, set()).update(methods_of(definition_of(estimator, sample=x).outputs))
            except UnsupportedError:  # some examples are unsupported
                continue
    return {kind: sorted(names, key=_place) for kind, names in methods.items()}


def _place(method: str) -> tuple[int, str]:
    return (ORDER.index(method) if method in ORDER else len(ORDER), method)


def _row(kind: type, methods: dict[type, list[str]]) -> str:
    module = kind.__module__.partition("._")[0]
    if kind in IMPORTERS:
        served = ", ".join(f"`{method}`" for method in methods.get(kind, []))
        refused = "; ".join(dict.fromkeys(refusals(IMPORTERS[kind])))
    else:
        served, refused = ("not supported", REFUSED[kind][0]) if kind in REFUSED else ("not yet supported", "")
    return f"| `{kind.__name__}` | `{module}` | {served} | {refused} |\n"


def refusals(importer: Callable[..., Any]) -> Iterator[str]:
    """Return the option and the reason of each refusal that an importer can reach."""
    for function in _reached(importer):
        names = _assigned(function)
        for call in _of(ast.Call, function):
            if isinstance(call.func, ast.Attribute) and call.func.attr == "refuse":
                option, reason = (_text(argument, names) for argument in call.args[:2])
                if reason != NOT_FITTED:
                    yield (f"`{option}`: {reason}" if option else reason).replace("|", "\\|")


def _reached(importer: Callable[..., Any]) -> Iterator[ast.AST]:
    """Return the source of an importer and of all functions of importers that it calls, directly or indirectly."""
    waiting, seen = [importer], {importer}
    while waiting:
        function = waiting.pop(0)
        tree = _parsed(function)
        yield tree
        module = sys.modules[function.__module__]
        inside = {alias.name: one.module for one in _of(ast.ImportFrom, tree) for alias in one.names}
        names = [node.id for node in _of(ast.Name, tree)]
        called = [_function(import_module(inside[name]) if name in inside else module, name) for name in names]
        for one in called:
            if one is not None and one not in seen:
                seen.add(one)
                waiting.append(one)


def _of(kind: Any, tree: ast.AST) -> list[Any]:
    return [node for node in ast.walk(tree) if isinstance(node, kind)]


@cache
def _parsed(function: Callable[..., Any]) -> ast.Module:
    return ast.parse(inspect.getsource(function))


def _function(module: ModuleType, name: str) -> Callable[..., Any] | None:
    function = getattr(module, name, None)
    ours = inspect.isfunction(function) and function.__module__.startswith("pretzel.importers.")
    return function if ours else None


def _assigned(function: ast.AST) -> dict[str, ast.expr]:
    """Return the values assigned to plain names, for reasons that are assigned before use."""
    return {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _text(value: ast.expr, names: dict[str, ast.expr]) -> str:
    """Return a text as far as it is known statically, with an ellipsis for other parts."""
    match value:
        case ast.Constant():
            return str(value.value)
        case ast.JoinedStr():
            return "".join(_text(part, names) for part in value.values)
        case ast.Name(id=name) if name in names:
            return _text(names[name], {})
        case ast.IfExp():
            return f"{_text(value.body, names)}, or {_text(value.orelse, names)}"
    return "…"


if __name__ == "__main__":
    PAGE.write_text(page())
