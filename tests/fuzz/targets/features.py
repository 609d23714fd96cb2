"""Feature kernels: bins, products, splines, quantiles."""

from functools import partial

from pretzel.engine.bindings import features
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *features.BINDINGS)
