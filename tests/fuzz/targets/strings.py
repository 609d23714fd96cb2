"""Kernels of single texts: cases, cuts, replacements, tests and measures."""

from functools import partial

from pretzel.plan import ops
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(
    plans.seeds,
    ops.ChangeCase,
    ops.StripText,
    ops.SliceText,
    ops.ReplaceText,
    ops.ReplaceMatches,
    ops.PadText,
    ops.SurroundText,
    ops.TestText,
    ops.MeasureText,
    ops.ParseNumber,
)
