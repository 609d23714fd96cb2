"""Estimators that do not sum duplicate entries of a sparse row.

scikit-learn never sums them.  Products with a row equal those of the sum anyway; norms, distances, comparisons with a
threshold and libsvm's products do not.  Trees convert rows to float32, and the version of SciPy decides whether that
sums the entries.  ``tests/importers/test_entries.py`` checks every estimator.
"""

from __future__ import annotations

from sklearn import (
    cluster,
    ensemble,
    gaussian_process,
    kernel_approximation,
    manifold,
    naive_bayes,
    neighbors,
    preprocessing,
    semi_supervised,
    svm,
    tree,
)
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import MissingIndicator, SimpleImputer

from pretzel.importers.registry import reads_entries

# Plans over sparse rows also compute entry by entry; only dense rows have lost the entries.
reads_entries(
    cluster.Birch,
    cluster.KMeans,
    cluster.MiniBatchKMeans,
    gaussian_process.GaussianProcessClassifier,
    gaussian_process.GaussianProcessRegressor,
    MissingIndicator,
    naive_bayes.BernoulliNB,
    preprocessing.FunctionTransformer,
    preprocessing.Normalizer,
    SimpleImputer,
    TfidfTransformer,
    alike=True,
)

# For some metrics the library differs on sparse rows too, or rejects duplicate entries.
reads_entries(
    cluster.AffinityPropagation,
    cluster.BisectingKMeans,
    ensemble.ExtraTreesClassifier,
    ensemble.ExtraTreesRegressor,
    ensemble.GradientBoostingClassifier,
    ensemble.GradientBoostingRegressor,
    ensemble.IsolationForest,
    ensemble.RandomForestClassifier,
    ensemble.RandomForestRegressor,
    ensemble.RandomTreesEmbedding,
    kernel_approximation.AdditiveChi2Sampler,
    manifold.Isomap,
    neighbors.KNeighborsClassifier,
    neighbors.KNeighborsRegressor,
    neighbors.KNeighborsTransformer,
    neighbors.LocalOutlierFactor,
    neighbors.NearestCentroid,
    neighbors.RadiusNeighborsClassifier,
    neighbors.RadiusNeighborsRegressor,
    neighbors.RadiusNeighborsTransformer,
    preprocessing.Binarizer,
    preprocessing.PolynomialFeatures,
    preprocessing.QuantileTransformer,
    semi_supervised.LabelPropagation,
    semi_supervised.LabelSpreading,
    svm.NuSVC,
    svm.NuSVR,
    svm.OneClassSVM,
    svm.SVC,
    svm.SVR,
    tree.DecisionTreeClassifier,
    tree.DecisionTreeRegressor,
    tree.ExtraTreeClassifier,
    tree.ExtraTreeRegressor,
    alike=False,
)
