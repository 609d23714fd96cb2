"""Transformers of skrub that are not served."""

import skrub

from pretzel.importers.registry import refuses

refuses(
    skrub.GapEncoder,
    reason="all rows of a call decide when its iteration stops",
    remedy="use StringEncoder, which has an answer for each row",
)
refuses(
    skrub.MinHashEncoder,
    skrub.SimilarityEncoder,
    reason="it compares or hashes the n-grams of texts by functions of its own",
    remedy="use StringEncoder, or sklearn.preprocessing.TargetEncoder",
)
refuses(
    skrub.TextEncoder,
    reason="it runs a language model",
    remedy="use StringEncoder, or compute the embeddings before the model",
)
refuses(
    skrub.DatetimeEncoder,
    skrub.ToDatetime,
    reason="it reads dates",
    remedy="compute numbers of the dates before the model, such as dates.dt.dayofweek",
)
refuses(
    skrub.Cleaner,
    reason="it returns texts and dates",
    remedy="use TableVectorizer, which cleans columns and encodes them",
)
