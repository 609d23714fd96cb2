"""Transformers of feature_engine over dates, texts and series, which are not served."""

from feature_engine import datetime, preprocessing, text, timeseries
from feature_engine.timeseries import forecasting

from pretzel.importers.registry import refuses

del timeseries  # imported for its modules
refuses(
    datetime.DatetimeFeatures,
    datetime.DatetimeSubtraction,
    datetime.DatetimeOrdinal,
    reason="it reads dates",
    remedy="compute numbers of the dates before the model, such as dates.dt.dayofweek",
)
refuses(
    forecasting.LagFeatures,
    forecasting.WindowFeatures,
    forecasting.ExpandingWindowFeatures,
    reason="it reads other rows of a series",
    remedy="compute its columns before the model",
)
refuses(
    preprocessing.MatchCategories,
    preprocessing.MatchVariables,
    reason="it repairs tables with other columns or categories, and requests have those of fitting",
    remedy="leave it out: requests with missing columns are rejected by name",
)
refuses(
    text.TextFeatures,
    reason="it counts parts of texts by patterns",
    remedy="use CountVectorizer with a token pattern, or compute the counts before the model",
)
