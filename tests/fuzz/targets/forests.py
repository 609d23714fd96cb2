"""Forests in each layout: nodes that are walked, and bit vectors."""

from functools import partial

from pretzel.engine.bindings.trees import TREES
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, *TREES)
