"""Common pipelines with an unsupported transformer, and what the refusal must name."""

from __future__ import annotations

from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from tests.importers.common import FT, Common, columns, fitted
from tests.importers.foreign import (
    FRAME,
    NUMBERS,
    SMOTE,
    TEXTS,
    Always,
    Custom,
    DatetimeEncoder,
    Forest,
    SamplingPipeline,
    TargetEncoder,
    TextEncoder,
    Y,
    days,
    ratio,
    split,
    variety,
)

STEPS: dict[str, Common] = {
    "a function of texts next to tf-idf": Common(
        fitted(make_union(FunctionTransformer(variety), TfidfVectorizer()), LogisticRegression(), x=TEXTS),
        {"pipeline.featureunion.functiontransformer": (FT, "func=tests.importers.foreign.variety")},
        TEXTS,
    ),
    "tf-idf next to a function of texts": Common(
        fitted(make_union(TfidfVectorizer(), FunctionTransformer(variety)), LogisticRegression(), x=TEXTS),
        {"pipeline.featureunion.functiontransformer": (FT, "serve pipeline[1:] alone")},
        TEXTS,
    ),
    "a lambda of a column of texts": Common(
        fitted(
            columns(("tfidf", TfidfVectorizer(), "text"), ("len", FunctionTransformer(variety), "text")),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.len": (FT, "func=tests.importers.foreign.variety")},
    ),
    "dates by a function": Common(
        fitted(
            columns(("d", FunctionTransformer(days), ["when"]), ("n", StandardScaler(), ["age"])),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.d": (FT, "func=tests.importers.foreign.days")},
    ),
    "dates by another library": Common(
        fitted(
            columns(("d", DatetimeEncoder(), ["when"]), ("n", StandardScaler(), ["age"])),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.d": ("acme.dates.DatetimeEncoder", "no importer knows its class")},
    ),
    "a text encoder of another library": Common(
        fitted(columns(("t", TextEncoder(), "text"), ("c", OneHotEncoder(), ["color"])), LogisticRegression(), x=FRAME),
        {"pipeline.columntransformer.t": ("acme.texts.TextEncoder", "no importer knows its class")},
    ),
    "a pipeline with samplers": Common(
        lambda: SamplingPipeline(
            [("scale", StandardScaler()), ("smote", SMOTE()), ("model", LogisticRegression())]
        ).fit(NUMBERS, Y),
        {
            "pipeline": ("acme.sampling.pipeline.Pipeline", "if not hasattr(s, 'fit_resample')]"),
            "pipeline.smote": ("acme.sampling.over_sampling.SMOTE", "leave it out"),
        },
        NUMBERS,
    ),
    "an encoder of another library": Common(
        fitted(
            columns(("c", make_pipeline(TargetEncoder(), OneHotEncoder()), ["color"])), LogisticRegression(), x=FRAME
        ),
        {
            "pipeline.columntransformer.c.targetencoder": (
                "acme.encoders.TargetEncoder",
                "use sklearn.preprocessing.TargetEncoder",
            )
        },
    ),
    "a class of one's own first": Common(
        fitted(Custom(), StandardScaler(), LogisticRegression(), x=NUMBERS),
        {"pipeline.custom": ("acme.features.Custom", "serve pipeline[1:] alone")},
        NUMBERS,
    ),
    "a class of one's own twice": Common(
        fitted(Custom(), StandardScaler(), Custom(), LogisticRegression(), x=NUMBERS),
        {
            "pipeline.custom-1": ("acme.features.Custom", "serve pipeline[1:] alone"),
            "pipeline.custom-2": ("acme.features.Custom", "serve pipeline[3:] alone"),
        },
        NUMBERS,
    ),
    "a classifier of one's own": Common(
        fitted(StandardScaler(), Always(), x=NUMBERS),
        {"pipeline.always": ("acme.models.Always", "use another estimator")},
        NUMBERS,
    ),
    "a subclass of a forest": Common(
        fitted(StandardScaler(), Forest(5), x=NUMBERS),
        {"pipeline.forest": ("acme.models.Forest", "redefines 'predict', which may change the answers")},
        NUMBERS,
    ),
    "a tokenizer of one's own before counts that are weighted": Common(
        fitted(
            CountVectorizer(tokenizer=split, token_pattern=None),
            TfidfTransformer(sublinear_tf=True),
            LogisticRegression(),
            x=TEXTS,
        ),
        {"pipeline.countvectorizer": ("sklearn.feature_extraction.text.CountVectorizer", "use token_pattern")},
        TEXTS,
    ),
    "two options of different vectorizers": Common(
        fitted(
            make_union(
                TfidfVectorizer(preprocessor=str.swapcase, lowercase=False),
                HashingVectorizer(analyzer=split, n_features=64),
            ),
            LogisticRegression(),
            x=TEXTS,
        ),
        {
            "pipeline.featureunion.tfidfvectorizer": (
                "sklearn.feature_extraction.text.TfidfVectorizer",
                "preprocessor=builtins.str.swapcase",
            ),
            "pipeline.featureunion.hashingvectorizer": (
                "sklearn.feature_extraction.text.HashingVectorizer",
                "analyzer=tests.importers.foreign.split",
            ),
        },
        TEXTS,
    ),
    "texts passed through next to numbers": Common(
        lambda: columns(("n", StandardScaler(), ["age"]), ("c", "passthrough", ["color"])).fit(FRAME),
        {"columntransformer": ("sklearn.compose.ColumnTransformer", "'c' returns texts")},
        needs_sample=True,
    ),
    "an own function before all": Common(
        fitted(FunctionTransformer(ratio), StandardScaler(), LogisticRegression(), x=NUMBERS),
        {"pipeline.functiontransformer": (FT, "func=tests.importers.foreign.ratio")},
        NUMBERS,
    ),
    "a lambda among columns": Common(
        fitted(
            columns(("l", FunctionTransformer(lambda x: x - x.mean()), ["age"]), ("s", StandardScaler(), ["price"])),
            LogisticRegression(),
            x=FRAME,
        ),
        {"pipeline.columntransformer.l": (FT, "<lambda>")},
    ),
    "factors that depend on all rows": Common(
        fitted(CountVectorizer(), NMF(2, max_iter=500), LogisticRegression(), x=TEXTS),
        {"pipeline.nmf": ("sklearn.decomposition.NMF", "use TruncatedSVD")},
        TEXTS,
    ),
}
