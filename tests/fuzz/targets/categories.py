"""Category kernels: lookup tables of numbers and texts, and the columns built from their results."""

from functools import partial

from pretzel.engine.bindings import categories
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *categories.BINDINGS)
