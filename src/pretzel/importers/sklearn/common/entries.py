"""Estimators to which several values that a sparse row stores in one place are not their sum.

scikit-learn sums them nowhere.  Products with a row come out as those of the sum all the same; norms, distances,
comparisons with a threshold and libsvm's own products do not.  Trees convert rows to float32, and whether that adds the
values up depends on the version of SciPy.  ``tests/importers/test_entries.py`` walks them all.
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

# Sparse rows are computed entry by entry here as there; only dense rows have lost what the entries were.
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

# Of sparse rows too the library makes something else here, by some metrics, or refuses what is stored twice.
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
