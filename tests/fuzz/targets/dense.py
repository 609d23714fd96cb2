"""Dense kernels, and conversions between dense and sparse."""

from functools import partial

from pretzel.engine.bindings import dense
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *dense.BINDINGS)
