"""Date kernels: fields, sums, units, local times, parsing."""

from functools import partial

from pretzel.engine.bindings import dates
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *dates.BINDINGS)
