"""Estimators whose own answers cannot be given row by row, or are no rows at all."""

from __future__ import annotations

from sklearn.decomposition import NMF, MiniBatchNMF
from sklearn.feature_extraction.image import PatchExtractor

from pretzel.importers.registry import refuses

refuses(
    NMF,
    MiniBatchNMF,
    reason="when its iteration stops depends on all rows given at once, so that a row has no answer of its own",
    remedy="use TruncatedSVD or LatentDirichletAllocation, or store the factors of the rows you know",
)
refuses(
    PatchExtractor,
    reason="it makes several rows of one image, some of them by chance, where an answer has a row for each row",
    remedy="extract the patches before the pipeline",
)
