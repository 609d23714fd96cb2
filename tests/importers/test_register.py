"""Importers of others: registered for their classes, shipped by distributions, and never in the way of ours."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

import pretzel
from pretzel import flow
from pretzel.errors import DefinitionError, UnsupportedError
from pretzel.importers import register
from tests.importers.registered import Typical, Winsorizer, restored, winsorizer

X, y = load_wine(return_X_y=True)


@pytest.fixture(autouse=True)
def _registrations():
    with restored():
        yield


def test_a_registered_estimator_is_served_in_a_pipeline():
    assert register(Winsorizer)(winsorizer) is winsorizer
    pipeline = make_pipeline(StandardScaler(), Winsorizer(), LogisticRegression()).fit(X, y)
    assert pretzel.check(pipeline).ok
    np.testing.assert_allclose(pretzel.compile(pipeline).predict_proba(X), pipeline.predict_proba(X), rtol=1e-6)

    class Wide(Winsorizer):
        def fit(self, X, y=None):
            return super().fit(np.asarray(X) * 2)

    assert pretzel.check(Wide().fit(X)).ok

    class Shifted(Winsorizer):
        def transform(self, X):
            return super().transform(X) + 1

    assert "redefines 'transform'" in str(pretzel.check(Shifted().fit(X)))


def test_without_an_importer_the_remedy_names_the_page():
    with pytest.raises(UnsupportedError, match=r"register an importer of it \(docs/importers.md\)"):
        pretzel.export(Typical().fit(X))


def test_a_class_has_one_importer():
    register(Winsorizer)(winsorizer)
    with pytest.raises(TypeError, match=r"already has an importer, tests.importers.registered.winsorizer; rem"):
        register(Winsorizer)
    with pytest.raises(TypeError, match=r"StandardScaler already has an importer, pretzel.importers.sklearn"):
        register(StandardScaler)

    @register(Winsorizer, replace=True)
    def doubled(estimator, x, part):
        return {"transform": x.numbers("f64") * 2.0}

    np.testing.assert_array_equal(pretzel.compile(Winsorizer().fit(X)).transform(X), X * 2)


@pytest.mark.parametrize(("classes", "got"), [((), "got none"), ((Winsorizer(),), "got Winsorizer()")])
def test_only_classes_are_registered(classes, got):
    with pytest.raises(TypeError, match=r"write @register\(MyTransformer\)") as raised:
        register(*classes)
    assert got in str(raised.value)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (lambda x: x.numbers(), TypeError, "expected a value for each method: {'transform': value}"),
        (lambda x: {}, TypeError, "returned {}; expected a value for each method"),
        (lambda x: {"transform": np.ones(3)}, TypeError, "as 'transform'; expected a value, such as"),
        (lambda x: {"transforms": x.numbers()}, TypeError, "returned 'transforms', which the estimator does not have"),
        (lambda x: {"transform": x.numbers().scale([1, 2])}, DefinitionError, "scale (test_register.py:"),
        (lambda x: {"transform": x.text()}, UnsupportedError, "cannot be served: expected one column, got 13"),
        (lambda x: {"transform": x.select(13).numbers()}, UnsupportedError, "it reads column 13, and has only 0..12"),
        (lambda x: {"transform": x.select("a").numbers()}, UnsupportedError, "it reads column 'a', and has only 0..12"),
    ],
)  # fmt: skip
def test_an_importer_that_fails_is_named(returned, error, message):
    register(Winsorizer)(lambda estimator, x, part: returned(x))
    with pytest.raises(error) as raised:
        pretzel.export(Winsorizer().fit(X))
    notes = " ".join(getattr(raised.value, "__notes__", ()))
    assert message in str(raised.value) and ("Winsorizer" in f"{raised.value} {notes}")


def test_refusals_have_path_and_option():
    @register(Winsorizer)
    def refusing(estimator, x, part):
        raise part.refuse("tail", f"the bounds of {part.path} cross", "use a smaller one")

    message = r"pipeline.winsorizer: .*Winsorizer\(tail=0.7\) .*: the bounds of pipeline.winsorizer cross; use a"
    with pytest.raises(UnsupportedError, match=message):
        pretzel.export(make_pipeline(StandardScaler(), Winsorizer(0.7)).fit(X))


def test_sparse_rows_are_refused_unless_the_importer_takes_them():
    rows = sparse.csr_matrix(X)
    fitted = make_pipeline(MaxAbsScaler().fit(rows), Winsorizer().fit(X))
    register(Winsorizer)(winsorizer)
    with pytest.raises(UnsupportedError, match="it is given a sparse matrix; make the step before it give a dense one"):
        pretzel.export(fitted, sample=rows)

    @register(Winsorizer, replace=True)
    def taking(estimator, x, part):
        return {"transform": x.numbers(sparse=True)}

    assert pretzel.export(fitted, sample=rows).outputs["transform"].type.layout == "sparse"


class Around(TransformerMixin, BaseEstimator):
    """Applies inner estimators to some columns; its fit records no width."""

    def fit(self, X, y=None):
        """Fit the inner estimators."""
        X = np.asarray(X)
        self.scaler_ = StandardScaler().fit(X[:, :2])
        self.model_ = LogisticRegression().fit(X[:, 2:4], X[:, 0] > X[:, 0].mean())
        self.columns_ = X.shape[1]
        return self

    def transform(self, X):
        """Return scaled columns and probabilities."""
        X = np.asarray(X)
        return np.hstack([self.scaler_.transform(X[:, :2]), self.model_.predict_proba(X[:, 2:4])])


def test_inner_estimators_are_imported():
    @register(Around, width=lambda estimator: estimator.columns_)
    def around(estimator, x, part):
        part.may_differ("its test says so", "ignore it")
        assert (x.width, x.names, part.path) == (4, None, "around")
        scaled = part.transform("scaler", estimator.scaler_, x.select(0, 1))
        inner = part.methods("model", estimator.model_, x.select(-2, -1))
        return {"transform": flow.concat(scaled, inner["predict_proba"])}

    estimator = Around().fit(X[:, :4])
    with pytest.warns(pretzel.AnswersMayDifferWarning, match="its test says so"):
        fast = pretzel.compile(estimator)
    np.testing.assert_allclose(fast.transform(X[:, :4]), estimator.transform(X[:, :4]), rtol=1e-6)


class Lengths(TransformerMixin, BaseEstimator):
    """Marks the rows of a table whose words are known."""

    def fit(self, X, y=None):
        """Learn the words."""
        self.words_ = sorted(set(X["word"]))
        self.feature_names_in_ = np.array(list(X.columns), object)
        return self

    def transform(self, X):
        """Return known times size."""
        return (X["word"].isin(self.words_) * X["size"]).to_numpy()[:, None]


def test_columns_of_a_table_are_read_by_name():
    @register(Lengths)
    def lengths(estimator, x, part):
        assert x.names == ("size", "word")
        known = x.select("word").text().one_hot(estimator.words_).densify().reduce("sum")
        return {"transform": known * x.select("size").number().matrix()}

    table = pd.DataFrame({"size": [1.0, 2.0, 3.0], "word": ["a", "b", "a"]})
    estimator = Lengths().fit(table[:1])
    np.testing.assert_array_equal(pretzel.compile(estimator).transform(table), estimator.transform(table))


SHIPPED = {
    "acme_models/__init__.py": "",
    "acme_models/scaling.py": """
        from sklearn.base import BaseEstimator, TransformerMixin

        class Doubled(TransformerMixin, BaseEstimator):
            n_features_in_ = 2

            def fit(self, X, y=None):
                return self

            def transform(self, X):
                return X * 2.0
        """,
    "broken_models.py": "from acme_models.scaling import Doubled as Base\n\nclass Broken(Base):\n    pass\n",
    "acme_importers.py": """
        from acme_models.scaling import Doubled

        from pretzel.importers import register

        @register(Doubled)
        def doubled(estimator, x, part):
            return {"transform": x.numbers() * 2.0}
        """,
    "broken_importers.py": "raise RuntimeError('it needs another version')",
    "acme-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n",
    "acme-1.2.dist-info/entry_points.txt": "[pretzel.importers]\nacme_models = acme_importers\n",
    "broken-3.4.dist-info/METADATA": "Metadata-Version: 2.1\nName: broken\nVersion: 3.4\n",
    "broken-3.4.dist-info/entry_points.txt": "[pretzel.importers]\nbroken_models = broken_importers\n",
}
PROGRAM = """
import sys, warnings
import numpy as np
import pretzel
from pretzel import flow
from pretzel.errors import BrokenImportersWarning
from sklearn.linear_model import LinearRegression
from acme_models.scaling import Doubled
from broken_models import Broken

X = np.ones((3, 2))
pretzel.export(LinearRegression().fit(X, [1, 2, 3]))
assert "acme_importers" not in sys.modules
assert (pretzel.compile(Doubled()).transform(X) == 2).all()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert (pretzel.compile(Broken()).transform(X) == 2).all()  # by the importer of its base
    pretzel.export(Broken())
[warning] = [one for one in caught if one.category is BrokenImportersWarning]
print(warning.message)
"""


def test_distributions_ship_importers(tmp_path):
    for name, text in SHIPPED.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}){PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        "the importers for 'broken_models' in broken_importers (broken 3.4) cannot be loaded: "
        "RuntimeError: it needs another version; upgrade or uninstall that distribution"
    )
