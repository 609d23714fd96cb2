"""Encoders of categories by their targets, over texts and numbers, with missing and unseen ones."""

import numpy as np
import pandas as pd
from sklearn.preprocessing import TargetEncoder

from tests.importers.sklearn.examples import FIT_ONLY, Example, fitting

_random = np.random.default_rng(18)
TABLE = pd.DataFrame(
    {"job": _random.choice(["cook", "smith", "clerk"], 50), "rooms": _random.integers(0, 3, 50).astype(float)}
)
TABLE.loc[[4, 9], "rooms"] = np.nan
GIVEN = pd.concat([TABLE, pd.DataFrame({"job": ["pilot", "cook"], "rooms": [9.0, np.nan]})], ignore_index=True)
Y = _random.normal(size=50)
CODES = TABLE[["rooms"]].fillna(7.0).to_numpy()
FITTING = {
    "categories": FIT_ONLY,
    "target_type": FIT_ONLY,
    "smooth": FIT_ONLY,
    "cv": FIT_ONLY,
    "shuffle": FIT_ONLY,
}

EXAMPLES = [
    Example(TargetEncoder, fitting(TargetEncoder, TABLE, Y, rows=GIVEN), FITTING, exact=True),
    Example(TargetEncoder, fitting(TargetEncoder, TABLE, Y > 0, rows=GIVEN, smooth=3.0), exact=True),
    Example(TargetEncoder, fitting(TargetEncoder, TABLE, np.digitize(Y, [-1, 1]), rows=GIVEN), exact=True),
    Example(TargetEncoder, fitting(TargetEncoder, CODES, Y, rows=CODES + 1.0), exact=True),
]
