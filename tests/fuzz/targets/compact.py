"""Compact weights, and the other kernels that rewrite rules produce."""

from functools import partial

from pretzel.engine.bindings import fused
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *fused.BINDINGS)
