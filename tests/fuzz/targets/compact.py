"""Weights in compact form, and what else rewriting makes."""

from functools import partial

from pretzel.engine.bindings import fused
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *fused.BINDINGS)
