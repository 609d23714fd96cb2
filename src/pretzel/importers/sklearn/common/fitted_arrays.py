"""The estimators that combine X, in its own type, with an array of their fitted state, by the name of that array."""

from __future__ import annotations

from sklearn import decomposition, discriminant_analysis, kernel_approximation, naive_bayes, neural_network

from pretzel.importers.sklearn.linear_model.linear import CLASSIFIERS, LINEAR_REGRESSORS, SGD_REGRESSORS
from pretzel.importers.small_integers import computes_with

computes_with("coef_", *LINEAR_REGRESSORS, *SGD_REGRESSORS, *CLASSIFIERS)
computes_with("coef_", discriminant_analysis.LinearDiscriminantAnalysis)
computes_with("means_", discriminant_analysis.QuadraticDiscriminantAnalysis)
computes_with("theta_", naive_bayes.GaussianNB)
computes_with("coefs_", neural_network.MLPClassifier, neural_network.MLPRegressor)
computes_with("components_", decomposition.TruncatedSVD)
computes_with("mean_", decomposition.SparsePCA, decomposition.MiniBatchSparsePCA)
computes_with("random_weights_", kernel_approximation.RBFSampler)
