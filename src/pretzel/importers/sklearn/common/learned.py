"""The estimators that compute with X in its own type and with what they learned, whatever type that has."""

from __future__ import annotations

from sklearn import decomposition, discriminant_analysis, kernel_approximation, naive_bayes, neural_network

from pretzel.importers.singly import computes_with
from pretzel.importers.sklearn.linear_model.linear import CLASSIFIERS, LINEAR_REGRESSORS, SGD_REGRESSORS

computes_with("coef_", *LINEAR_REGRESSORS, *SGD_REGRESSORS, *CLASSIFIERS)
computes_with("coef_", discriminant_analysis.LinearDiscriminantAnalysis)
computes_with("means_", discriminant_analysis.QuadraticDiscriminantAnalysis)
computes_with("theta_", naive_bayes.GaussianNB)
computes_with("coefs_", neural_network.MLPClassifier, neural_network.MLPRegressor)
computes_with("components_", decomposition.TruncatedSVD)
computes_with("mean_", decomposition.SparsePCA, decomposition.MiniBatchSparsePCA)
computes_with("random_weights_", kernel_approximation.RBFSampler)
