"""Dictionaries of terms, for the kernels that look up n-grams, features and tokens."""

from functools import partial

from pretzel.plan import ops
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, ops.CountNgrams, ops.LookupFeatures, ops.FilterTokens, ops.SumTokens)
