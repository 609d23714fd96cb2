"""Tree ensembles in each layout, nodes and bit vectors, and their feature contributions."""

from functools import partial

from pretzel.engine.bindings import contributions, trees
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *trees.BINDINGS, *contributions.BINDINGS)
