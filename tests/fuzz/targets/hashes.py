"""Hash kernels: categories and their combinations."""

from functools import partial

from pretzel.engine.bindings import hashes
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *hashes.BINDINGS)
