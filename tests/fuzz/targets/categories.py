"""Look-up tables of numbers and of texts, and columns made of what they give."""

from functools import partial

from pretzel.engine.bindings import categories
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *categories.BINDINGS)
