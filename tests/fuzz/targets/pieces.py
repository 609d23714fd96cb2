"""Kernels of the parts of texts, of single tokens, and of choices."""

from functools import partial

from pretzel.plan import ops
from tests.fuzz import plans
from tests.fuzz.forms import CANONICAL

FORM, run = CANONICAL, plans.run
seeds = partial(
    plans.seeds,
    ops.SplitText,
    ops.PickToken,
    ops.CountTokens,
    ops.JoinTokens,
    ops.KeepTokens,
    ops.ChooseTokens,
    ops.UniqueTokens,
    ops.ConcatTexts,
    ops.FormatInteger,
    ops.ChooseText,
    ops.TextOfCode,
    ops.Require,
)
