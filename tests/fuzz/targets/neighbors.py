"""Nearest-neighbor kernels: stored rows, and the trees over them."""

from functools import partial

from pretzel.engine.bindings import neighbors
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *neighbors.BINDINGS)
