"""Tokenizer kernels: tables of character classes, automata, and texts."""

from functools import partial

from pretzel.plan import ops
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(plans.seeds, ops.Tokenize)
