"""`python -m pretzel.cli` is `pretzel`."""

import sys

from pretzel.cli import main

sys.exit(main())
