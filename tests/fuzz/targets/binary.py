"""Binary kernels, and reductions."""

from functools import partial

from pretzel.engine.bindings import binary
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *binary.BINDINGS)
