"""Estimators whose answers cannot be served row by row."""

from __future__ import annotations

from sklearn.decomposition import NMF, MiniBatchNMF
from sklearn.feature_extraction.image import PatchExtractor

from pretzel.importers.registry import refuses

refuses(
    NMF,
    MiniBatchNMF,
    reason="all rows of a call decide when its iteration stops, so a row has no answer of its own",
    remedy="use TruncatedSVD or LatentDirichletAllocation, or store the factors of known rows",
)
refuses(
    PatchExtractor,
    reason="it returns several rows per image, some of them random, and a served model returns one per row",
    remedy="extract the patches before the pipeline",
)
