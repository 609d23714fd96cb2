"""The estimators that convert a float32 polars table to float64, because they require float64 or float32."""

from __future__ import annotations

from sklearn import cluster, compose, decomposition, ensemble, impute, pipeline, preprocessing, svm

from pretzel.importers.polars_float32 import contains, widens

contains(compose.ColumnTransformer, pipeline.FeatureUnion, pipeline.Pipeline)
widens(
    cluster.KMeans,
    cluster.MiniBatchKMeans,
    decomposition.IncrementalPCA,
    decomposition.PCA,
    ensemble.HistGradientBoostingClassifier,
    ensemble.HistGradientBoostingRegressor,
    impute.KNNImputer,
    preprocessing.KBinsDiscretizer,
    preprocessing.MaxAbsScaler,
    preprocessing.MinMaxScaler,
    preprocessing.Normalizer,
    preprocessing.PolynomialFeatures,
    preprocessing.PowerTransformer,
    preprocessing.QuantileTransformer,
    preprocessing.RobustScaler,
    preprocessing.SplineTransformer,
    preprocessing.StandardScaler,
    svm.NuSVC,
    svm.NuSVR,
    svm.OneClassSVM,
    svm.SVC,
    svm.SVR,
)
widens(impute.SimpleImputer, where=lambda imputer: imputer.strategy in ("mean", "median"))
