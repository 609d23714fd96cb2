"""Decomposition kernels: topics and dictionaries of atoms."""

from functools import partial

from pretzel.engine.bindings import decomposition
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *decomposition.BINDINGS)
