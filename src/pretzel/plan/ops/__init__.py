"""The operators: few and general, one class each, composed to cover the estimators.

Importing this package fills :data:`pretzel.plan.node.OPERATORS`.  Each module lists its operators in ``__all__``.
"""

from pretzel.plan.ops.binary import *
from pretzel.plan.ops.categories import *
from pretzel.plan.ops.choices import *
from pretzel.plan.ops.columns import *
from pretzel.plan.ops.combine import *
from pretzel.plan.ops.compact import *
from pretzel.plan.ops.constant import *
from pretzel.plan.ops.contributions import *
from pretzel.plan.ops.dates import *
from pretzel.plan.ops.decomposition import *
from pretzel.plan.ops.dense import *
from pretzel.plan.ops.density import *
from pretzel.plan.ops.features import *
from pretzel.plan.ops.fused import *
from pretzel.plan.ops.hashes import *
from pretzel.plan.ops.hashing import *
from pretzel.plan.ops.heads import *
from pretzel.plan.ops.inputs import *
from pretzel.plan.ops.linear import *
from pretzel.plan.ops.neighbors import *
from pretzel.plan.ops.objects import *
from pretzel.plan.ops.python import *
from pretzel.plan.ops.quantiles import *
from pretzel.plan.ops.reductions import *
from pretzel.plan.ops.strings import *
from pretzel.plan.ops.text import *
from pretzel.plan.ops.token_tests import *
from pretzel.plan.ops.tokens import *
from pretzel.plan.ops.trees import *
